"""The imports of the host side are in the lock file of `.venv`, or in that of an extra."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from common.project import PROJECT
from pipeline.environment.bootstrap import LOCKS

OURS = {
    "access_control",
    "app07_client",
    "pipeline",
    "evaluation",
    "common",
    "pybrain",
    "pybrain3",
    "pybrain_runtime",
    "serving",
    "training",
}

EXTRAS = {"pipeline/compose/": "generate", "pipeline/control/": "serve"}
"""Packages that are imported only after the named extra has been installed."""


def third_party_imports() -> dict[tuple[str, str], str]:
    """Return the third-party packages that the host side imports at module level, by name and extra.

    The value is an importing module; the extra is empty for what must be in the run environment.
    """
    found: dict[tuple[str, str], str] = {}
    for path in sorted(
        path
        for package in ("pipeline", "evaluation", "common")
        for path in (PROJECT.root / package).rglob("*.py")
    ):
        place = path.relative_to(PROJECT.root).as_posix()
        extra = next((name for folder, name in EXTRAS.items() if place.startswith(folder)), "")
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                found.setdefault((name.partition(".")[0], extra), place)
    ours = OURS | sys.stdlib_module_names
    return {(name, extra): path for (name, extra), path in found.items() if name not in ours}


def locked_in(path: Path) -> set[str]:
    return set(re.findall(r"^([\w.-]+)==", path.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.slow
def test_everything_that_the_host_side_imports_is_in_a_lock_file() -> None:
    imported = third_party_imports()
    assert {("numpy", ""), ("yaml", ""), ("pydantic", "generate")} <= set(imported)
    providers = packages_distributions()
    missing = {}
    for (name, extra), path in imported.items():
        locks = [LOCKS["run"]]
        if extra:
            locks.append(PROJECT.root / "requirements" / f"{extra}.lock")
        locked = set().union(*(locked_in(lock) for lock in locks))
        if not {provider.lower() for provider in providers[name]} & locked:
            missing[name] = path
    assert missing == {}
