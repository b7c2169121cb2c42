"""The paths on the pages about the code exist: docs/architecture.md and CONTRIBUTING.md."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from common.project import PROJECT

PAGES = ("docs/architecture.md", "CONTRIBUTING.md")
ROOTS = (
    "", "pipeline", "evaluation", "common", "container3_codebase", "container3_codebase/pybrain_runtime",
    "container3_codebase/pybrain_runtime/network/layers", "container3_codebase/pybrain_runtime/tables/formats",
    "container3_codebase/pybrain_runtime/loading", "container3_codebase", "container3_codebase/training/trainers",
    "container1_activationbase", "tests/runtime",
)  # fmt: skip
CREATED = {
    "dist/",
    "output/",
    "output/local_containers/",
    ".venv",
    "pipeline/commands/NAME.py",
    "tests/pipeline/test_NAME_command.py",
}


def paths(page: str) -> list[str]:
    """Return what is marked as a path: with a slash, or with the extension of a source file."""
    marked = re.findall(r"`([^`\s]+)`", (PROJECT.root / page).read_text("utf-8"))
    return [word for word in marked if re.search(r"\.(py|toml|sh|in|lock|md)$|^[\w./]+/$", word)]


def exists(path: str) -> bool:
    return any((Path(PROJECT.root) / root / path).exists() for root in ROOTS)


@pytest.mark.parametrize("page", PAGES)
def test_every_path_on_the_page_exists(page: str) -> None:
    found = paths(page)
    assert len(found) > 15
    assert [path for path in found if path not in CREATED and not exists(path)] == []


def test_every_package_is_on_the_page() -> None:
    text = (PROJECT.root / "docs" / "architecture.md").read_text("utf-8")
    tree = text.partition("## Direction of imports")[0]
    for root in (
        "pipeline",
        "evaluation",
        "common",
        "container3_codebase/pybrain_runtime",
        "container3_codebase/training",
    ):
        packages = [path.parent.name for path in (PROJECT.root / root).glob("*/__init__.py")]
        assert [name for name in packages if f" {name}/" not in tree] == []


def test_the_layers_on_the_page_are_those_of_the_contracts() -> None:
    settings = tomllib.loads((PROJECT.root / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = {each["containers"][0]: each["layers"] for each in contracts if each.get("containers")}
    section = (
        (PROJECT.root / "docs" / "architecture.md").read_text("utf-8").partition("## Direction of imports")[2]
    )
    blocks = re.findall(r"^(\w+)\n((?:  .+\n)+)", section.split("```\n")[1], re.MULTILINE)
    shown = {root: [line.strip().replace("  ", " | ") for line in text.splitlines()] for root, text in blocks}
    assert shown == layers
