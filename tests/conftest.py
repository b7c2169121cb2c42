"""Fixtures for all tests: the recorded files, and a copy of the project to work in."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from common.errors import EngineUnavailable
from common.project import PROFILES, PROJECT, Layout

FIXTURES = Path(__file__).parent / "fixtures"

_WITH_SERVERS = tuple(f"{Path(__file__).parent / name}{os.sep}" for name in ("serving", "control"))

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
    "detect_hardware.py",
    "docker-compose.yml",
    "docker-compose.training.yml",
    "docker-compose.serving.yml",
    "docker-compose.monitoring.yml",
    *(f"docker-compose.{profile}.yml" for profile in PROFILES),
    "docker-bake.hcl",
    "pyproject.toml",
    "requirements.lock",
    "requirements-test.lock",
    "requirements",
    "README.md",
    "LICENSE",
    "pipeline",
    "evaluation",
    "common",
    "container1_activationbase",
    "container2_knowledgebase",
    "container3_codebase",
    "container4_learningbase",
    "container5_tracking",
    "container6_front",
    "container7_monitoring",
    "models",
    "data",
)

# The packages: most tests run the code that is installed, and copying a thousand files for each takes longer than
# the tests themselves.
_CODE = frozenset(
    {
        "pipeline",
        "evaluation",
        "common",
        "access_control",
        "app07_client",
        "pybrain",
        "pybrain3",
        "pybrain_runtime",
    }
    | {"serving", "training"}
)


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """Return the folder of the files that PyBrain itself wrote and computed."""
    return FIXTURES


@pytest.fixture
def checkout(tmp_path: Path) -> Layout:
    """Return a project whose files a test may change, except for the code, which is linked to save time."""
    return _copy_project(tmp_path / "project", linked=_CODE)


@pytest.fixture
def clone(tmp_path: Path) -> Layout:
    """Return a full copy of the project, for tests that build images of it or start its own scripts."""
    return _copy_project(tmp_path / "project")


@pytest.fixture(scope="session")
def copy_project() -> Callable[[Path], Layout]:
    """Return a function that copies the project to a folder that does not exist."""
    return _copy_project


def _copy_project(target: Path, linked: Collection[str] = ()) -> Layout:
    """Copy the files of a clone, without the results of runs.

    Args:
        target: the new folder.
        linked: the names of folders to link instead of copying them, in whatever folder they are.
    """
    target.mkdir(parents=True)
    for name in _PARTS:
        _copy(PROJECT.root / name, target / name, linked)
    for name in ("shared_data", "output"):
        (target / name).mkdir()
        (target / name / ".gitkeep").touch()
    return Layout(target)


def _copy(source: Path, target: Path, linked: Collection[str]) -> None:
    """Copy a file or folder, without compiled code; the folders with a name in `linked` become links."""
    if source.name in linked:
        target.symlink_to(source)
    elif source.is_dir():
        target.mkdir()
        for member in source.iterdir():
            if member.name != "__pycache__" and member.suffix != ".pyc":
                _copy(member, target / member.name, linked)
    elif source.exists():
        shutil.copy2(source, target)


@pytest.fixture(autouse=True)
def no_selection_from_outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Remove variables of the developer's environment that select files or limits."""
    for name in ("MODEL_PATH", "MODEL_NAME", "MODEL_FILE", "DATA_PATH", "OUTPUT_PATH", "IMAGE_TAG"):
        monkeypatch.delenv(name, raising=False)
    for name in ("INPUT_COLUMNS", "TARGET_COLUMNS", "KEEP_COLUMNS", "COMPOSE_FILE", "COMPOSE_PROJECT_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("CPU_LIMIT", "CPU_THREADS", "MEMORY_LIMIT", "PLATFORM", "CODE_IMAGE"):
        monkeypatch.delenv(name, raising=False)
    yield


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all tests of a file with servers in one process: each process would start its own servers."""
    for item in items:
        file = str(item.path)
        if file.startswith(_WITH_SERVERS) and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(file))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out tests in groups and chunks (see `tests.scheduling`)."""
    if config.getoption("dist") != "loadgroup":
        return None
    from tests.scheduling import ChunkScheduling  # only where pytest-xdist is

    return ChunkScheduling(config, log)


def pytest_collectstart() -> None:
    """Stop garbage collection: what is collected lives to the end, and would be traversed again and again."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Start garbage collection again, and exempt the thousands of collected tests from it."""
    gc.freeze()
    gc.enable()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Shorten the names of tests whose parameters are long strings, some of them with millions of characters.

    pytest-xdist sends the names of all tests to and fro.
    """
    if not isinstance(val, str | bytes) or len(val) <= 80:
        return None
    start = val[:60] if isinstance(val, str) else val[:60].decode("latin-1")
    return f"{start.encode('unicode_escape').decode('ascii')}... ({len(val)})"


def in_ci() -> bool:
    """Return whether a missing program must fail a test instead of skipping it."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


@contextmanager
def engine_required() -> Iterator[None]:
    """Skip the test if the block finds no container engine; fail it if CI is set."""
    try:
        yield
    except EngineUnavailable as error:
        if os.environ.get("CI"):
            pytest.fail(f"no container engine to test with: {error}")
        pytest.skip(f"no container engine here ({error.message}); scripts/start_engine.sh brings one up")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return the number of processes that ``-n auto`` starts.

    A test in containers waits while the engine computes: twice as many processes as processors keep them busy, and
    more of them make each test wait for the others. Other tests wait now and then: one process more.
    """
    processors = os.cpu_count() or 1
    return processors + 1 if "not docker" in config.option.markexpr else min(2 * processors, processors + 2)
