"""Fixtures for the tests of the evaluation: generated submissions, and an engine for those that need one."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from common.docker_command import find_docker
from common.project import PROJECT, Layout
from evaluation.engine.session import EngineSession
from evaluation.evaluate import EvaluationOptions, evaluate
from evaluation.evidence.evidence import Evidence
from evaluation.quotas import DEFAULT_LIMITS
from evaluation.result import Report, from_json
from evaluation.rubric import load_rubric
from pipeline.cli import execute, parse
from tests.conftest import engine_required
from tests.evaluation.submissions import copy_submission

Changes = Mapping[str, str | bytes | None]


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        f"evaluation_{name}", Path(__file__).with_name(f"{name}.py")
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SAMPLES, BREAKS, VARIANTS = _load("samples"), _load("breaks"), _load("variants")
ANSWERS, CHEATS, COURSES = _load("answers"), _load("cheats"), _load("other_courses")
# The number of submissions of the class below that are evaluated at the same time.
JOBS = 3


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    """Return the module with the files of submissions."""
    return SAMPLES


@pytest.fixture(scope="session")
def breaks() -> ModuleType:
    """Return the module with a broken submission for every check of the rubric."""
    return BREAKS


@pytest.fixture(scope="session")
def answers() -> ModuleType:
    """Return the module with genuine and fake answers."""
    return ANSWERS


@pytest.fixture(scope="session")
def cheats() -> ModuleType:
    """Return the module with submissions that try to get points without the work."""
    return CHEATS


@pytest.fixture(scope="session")
def courses() -> ModuleType:
    """Return the module with the submissions and the rubric of other courses."""
    return COURSES


@pytest.fixture
def submit(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Return a function that writes a correct submission with some files changed."""
    count, whole = 0, "engine" in request.fixturenames

    def write(changes: Changes | None = None) -> Path:
        nonlocal count
        count += 1
        return Path(SAMPLES.write_sample(tmp_path / f"submission{count}", changes, whole=whole))

    return write


@pytest.fixture
def evidence_of(tmp_path: Path, submit: Callable[..., Path]) -> Callable[..., Evidence]:
    """Return a function for the evidence of a changed submission, without a container engine."""

    def make(changes: Changes | None = None) -> Evidence:
        folder = submit(changes)
        submission = copy_submission(str(folder), tmp_path / f"in-{folder.name}", DEFAULT_LIMITS)
        return Evidence(submission, DEFAULT_LIMITS, None, tmp_path, why_no_engine="a test without one")

    return make


@pytest.fixture(scope="session")
def engine() -> str:
    """Require a running daemon: without one the test is skipped, or fails if CI is set."""
    with engine_required():
        version, _ = find_docker()
    return version


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need an engine, and those that must run in one process."""
    for item in items:
        used = getattr(item, "fixturenames", ())
        if "engine" in used:
            item.add_marker(pytest.mark.docker)
        if not {"reports", "nothing_left", "left_of"}.isdisjoint(used):
            # One class for all its tests, and no concurrent evaluation while leftovers are counted.
            item.add_marker(pytest.mark.xdist_group("class"))
        if "own_image" in used:
            # Its image names would be the same in every process.
            item.add_marker(pytest.mark.xdist_group("own images"))


@pytest.fixture(scope="session")
def warm(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the images of the correct submission, so that the steps which most samples share are in the cache."""
    folder = tmp_path_factory.mktemp("warm")
    sample = SAMPLES.write_sample(folder / "sample", {})
    submission = copy_submission(str(sample), folder / "in", DEFAULT_LIMITS)
    version, compose = find_docker()
    with EngineSession(version, compose, DEFAULT_LIMITS) as session:
        evidence = Evidence(submission, DEFAULT_LIMITS, session, folder)
        results = [evidence.build_result(place) for place in evidence.places.containers]
        assert all(result.ok for result in results), [(result.reason, result.output) for result in results]
        session.remove_containers(session.containers())
        session.backend.remove("volume", *session.backend.ids("volume", f"label={session.label}"))
        yield


@pytest.fixture(scope="session")
def evaluated(warm: None) -> Callable[..., Report]:
    """Return a function that evaluates in real containers and asserts that nothing is left."""

    def run(source: Path, *, compose: str = "auto", **limits: float) -> Report:
        how = EvaluationOptions(replace(DEFAULT_LIMITS, **limits), compose=compose)  # type: ignore[arg-type]
        report = evaluate(str(source), load_rubric(), how)
        assert left_behind() == []
        return report

    return run


def left_behind(process: int | None = None) -> list[str]:
    """Return the containers, volumes and networks of the evaluations of this process."""
    return [name for name in _evaluations() if f"-{process or os.getpid()}-" in name]


def _evaluations() -> list[str]:
    """Return the evaluation of each existing container, volume and network."""
    found = []
    for words in (["ps", "-a"], ["volume", "ls"], ["network", "ls"]):
        form = ["--filter", "label=app07.evaluation", "--format", '{{.Label "app07.evaluation"}}']
        listed = subprocess.run(["docker", *words, *form], capture_output=True, text=True, check=True)
        found += listed.stdout.split()
    return found


@pytest.fixture(scope="session")
def nothing_left(engine: str) -> Callable[[], AbstractContextManager[None]]:
    """Assert that the evaluating processes have left nothing."""

    @contextmanager
    def watch() -> Iterator[None]:
        before = set(_evaluations())
        yield
        new = set(_evaluations()) - before
        assert [name for name in new if not Path("/proc", name.split("-")[-2]).exists()] == []

    return watch


@pytest.fixture(scope="session")
def class_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a class: two correct submissions, one for each broken check, and the variants."""
    folder = tmp_path_factory.mktemp("class")
    right = {BREAKS.COMPOSE: SAMPLES.WAITING_COMPOSE}
    for name in ("right", "right again"):
        SAMPLES.write_sample(folder / name, right)
    for name, broken in BREAKS.containers(SAMPLES).items():
        SAMPLES.write_sample(folder / name, right | dict(broken.changes))
    for name, changes in VARIANTS.changes(SAMPLES).items():
        SAMPLES.write_sample(folder / name, changes)
    for name, cheat in CHEATS.in_containers(SAMPLES).items():
        SAMPLES.write_sample(folder / name, right | dict(cheat.changes))
    return folder


@pytest.fixture(scope="session")
def evaluate_class(class_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Return a function that evaluates the class with the command line and returns the folder of the reports."""
    out = tmp_path_factory.mktemp("reports")
    words = ["evaluate", "--class-list", str(class_folder), "--output", str(out), "--jobs", str(JOBS)]

    def run() -> Path:
        # One submission of the class uses a base image that is not allowed, and is undecided.
        assert execute(parse(words), Layout(out.parent)) == 75
        return out

    return run


@pytest.fixture(scope="session")
def reports(
    warm: None,
    evaluate_class: Callable[[], Path],
    nothing_left: Callable[[], AbstractContextManager[None]],
) -> dict[str, Report]:
    """Return the reports of the class by submission, and assert that nothing is left."""
    with nothing_left():
        out = evaluate_class()
    paths = sorted(out.glob("*/report.json"))
    return {path.parent.name: from_json(json.loads(path.read_text("utf-8"))) for path in paths}


@pytest.fixture(scope="session")
def own_project(tmp_path_factory: pytest.TempPathFactory, copy_project: Callable[[Path], Layout]) -> Layout:
    """Return a copy of this project with the submitted files."""
    layout = copy_project(tmp_path_factory.mktemp("own") / "project")
    for name in ("discussion.txt", "create_submission.py", "docs"):
        source = PROJECT.root / name
        if source.is_dir():
            shutil.copytree(source, layout.root / name)
        else:
            shutil.copy2(source, layout.root / name)
    return layout


@pytest.fixture
def drive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs `evaluate` and returns exit status, standard output and standard error."""

    def run(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = execute(parse(["evaluate", *map(str, words)]), Layout(tmp_path))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def failed() -> Callable[[Report], dict[str, str]]:
    """Return a function for the checks that did not pass, with their status."""

    def of(report: Report) -> dict[str, str]:
        return {result.id: result.status for result in report.results if result.status != "passed"}

    return of


@pytest.fixture(scope="session")
def left_of(engine: str) -> Callable[[int], list[str]]:
    """Return the containers, volumes and networks of the evaluations of another process."""
    return left_behind
