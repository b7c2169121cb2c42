"""What tests of all rooms share: the recorded fixtures, and a checkout of their own to work in."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.project import PROJECT, Layout

FIXTURES = Path(__file__).parent / "fixtures"

# Hundreds of tests start a Python of their own; without bytecode each would compile the project again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell that starts the suite in the background lets it ignore Ctrl-C, and what the tests start would do so, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What a clone holds that a run of the pipeline needs.
_PARTS = (
    "App07.py",
    "prepare_files.py",
    "test_containers.py",
    "run_compose_with_output.py",
    "docker-compose.yml",
    "pyproject.toml",
    "requirements.lock",
    "requirements-test.lock",
    "README.md",
    "LICENSE",
    "pipeline",
    "evaluation",
    "container1_activationbase",
    "container2_knowledgebase",
    "container3_codebase",
    "models",
    "data",
)


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder of what the genuine PyBrain wrote and computed."""
    return FIXTURES


@pytest.fixture
def checkout(tmp_path: Path) -> Layout:
    """A copy of the project in an empty folder, to be changed and broken at will."""
    return _copy_project(tmp_path / "project")


@pytest.fixture(scope="session")
def copy_project() -> Callable[[Path], Layout]:
    """Makes a copy of the project in a folder that does not exist yet."""
    return _copy_project


def _copy_project(target: Path) -> Layout:
    """Copies what a clone would hold, without what runs have left here."""
    target.mkdir(parents=True)
    for name in _PARTS:
        source = PROJECT.root / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        elif source.exists():
            shutil.copy2(source, target / name)
    for name in ("shared_data", "output"):
        (target / name).mkdir()
        (target / name / ".gitkeep").touch()
    return Layout(target)


@pytest.fixture(autouse=True)
def no_selection_from_outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The developer's own environment chooses no files for the tests."""
    for name in ("MODEL_PATH", "MODEL_NAME", "MODEL_FILE", "DATA_PATH", "OUTPUT_PATH", "IMAGE_TAG"):
        monkeypatch.delenv(name, raising=False)
    for name in ("INPUT_COLUMNS", "TARGET_COLUMNS", "COMPOSE_FILE", "COMPOSE_PROJECT_NAME"):
        monkeypatch.delenv(name, raising=False)
    yield


def in_ci() -> bool:
    """Whether a missing part must fail a test instead of skipping it."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Say how many processes ``-n auto`` starts.

    A test in containers, or of a program that is interrupted, waits more than it computes: four at least.
    """
    return max(4, os.cpu_count() or 1)
