"""The imports of the host side are in the lock file of `.venv`."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions

from pipeline.environment.bootstrap import LOCKS
from pipeline.project import PROJECT

OURS = {
    "access_control",
    "app07_client",
    "pipeline",
    "evaluation",
    "pybrain",
    "pybrain3",
    "pybrain_runtime",
    "serving",
    "training",
}


def third_party_imports() -> dict[str, str]:
    """Return the third-party packages that the host side imports at module level, with an importing module."""
    found: dict[str, str] = {}
    for path in sorted(
        path for package in ("pipeline", "evaluation") for path in (PROJECT.root / package).rglob("*.py")
    ):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                found.setdefault(name.partition(".")[0], path.relative_to(PROJECT.root).as_posix())
    return {name: path for name, path in found.items() if name not in OURS | sys.stdlib_module_names}


def test_everything_that_the_host_side_imports_is_in_the_lock_of_the_run_environment() -> None:
    locked = set(re.findall(r"^([\w.-]+)==", LOCKS["run"].read_text(encoding="utf-8"), re.MULTILINE))
    imported = third_party_imports()
    assert {"numpy", "yaml"} <= set(imported)
    providers = packages_distributions()
    missing = {
        name: path
        for name, path in imported.items()
        if not {provider.lower() for provider in providers[name]} & locked
    }
    assert missing == {}
