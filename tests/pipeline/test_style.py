"""The repository follows its rules: style, format, types and imports."""

from __future__ import annotations

import subprocess
import sys
from graphlib import TopologicalSorter

import grimp
import pytest

from common.project import PROJECT


def judged_by(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of the test environment on the repository, configured by pyproject.toml."""
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=PROJECT.root, capture_output=True, text=True, check=False
    )


def test_ruff_reports_nothing() -> None:
    judged = judged_by("ruff", "check", "--output-format", "concise", ".")
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_all_files_are_formatted() -> None:
    judged = judged_by("ruff", "format", "--check", ".")
    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.slow
def test_mypy_reports_nothing() -> None:
    judged = judged_by("mypy")
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_import_contracts_are_kept() -> None:
    """The contracts are in pyproject.toml."""
    judged = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"],
        cwd=PROJECT.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_there_are_no_import_cycles() -> None:
    """Imports inside functions and for type checking count; a cycle raises and names its modules."""
    graph = grimp.build_graph(
        "pybrain",
        "pybrain3",
        "pybrain_runtime",
        "training",
        "access_control",
        "serving",
        "app07_client",
        "pipeline",
        "evaluation",
        "common",
        cache_dir=None,
    )
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(list(TopologicalSorter(imports).static_order())) == len(graph.modules) > 450
