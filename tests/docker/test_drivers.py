"""The drivers with real containers: output, files and exit status."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from common.docker_command import find_docker
from common.project import SERVICES, Layout
from pipeline import cli
from pipeline.engines.docker import DockerEngine

# There is one image called `latest` on a machine: these tests build it, or use it, one after the other.
pytestmark = [
    pytest.mark.xdist_group("latest images"),
    pytest.mark.usefixtures("latest_images_stay_as_they_are"),
]

_DRIVER = (
    "import sys; from pathlib import Path; from pipeline import cli; from common.project import Layout; "
    "sys.exit(cli.execute(cli.parse(sys.argv[2:]), Layout(Path(sys.argv[1]))))"
)


@pytest.fixture
def project(place: Path, copy_project: Callable[[Path], Layout]) -> Iterator[Layout]:
    """Yield a checkout; its stack and its images are removed after the test."""
    layout = copy_project(place / "app07")
    yield layout
    forget(layout)


def forget(layout: Layout) -> None:
    version, compose = find_docker()
    project = DockerEngine(layout, version, compose).project
    for service in SERVICES:
        label = f"label=app07.checkout={project}"
        form = "{{.Repository}}:{{.Tag}}"
        listed = subprocess.run(
            ["docker", "image", "ls", "--filter", label, "--format", form, service.image],
            capture_output=True,
            text=True,
            check=True,
        )
        for image in listed.stdout.split():
            if not image.endswith(":latest"):
                subprocess.run(["docker", "image", "rm", image], capture_output=True, check=False)


def drive(layout: Layout, *words: str) -> int:
    return cli.execute(cli.parse([*words]), layout)


def start(layout: Layout, *words: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _DRIVER, str(layout.root), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment},
        start_new_session=True,
    )


def running_container(layout: Layout, service: str) -> str:
    """Wait for the container of a service, which can print before the engine reports it as running."""
    where = [
        f"label=com.docker.compose.project.working_dir={layout.root}",
        f"label=com.docker.compose.service={service}",
    ]
    command = ["docker", "ps", "-q", "--filter", where[0], "--filter", where[1]]
    for _ in range(100):
        if found := subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip():
            return found
        time.sleep(0.2)
    raise AssertionError(f"{service} is not running")


def containers_of(layout: Layout) -> list[str]:
    where = f"label=com.docker.compose.project.working_dir={layout.root}"
    listed = subprocess.run(
        ["docker", "ps", "-aq", "--filter", where], capture_output=True, text=True, check=True
    )
    return listed.stdout.split()


def breaks_with(layout: Layout, program: str) -> None:
    layout.code.write_text(program, encoding="utf-8")


def everything_written(layout: Layout) -> str:
    paths = [
        path
        for folder in (layout.stage2, layout.stage3)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return "\n".join(
        path.read_text(encoding="utf-8", errors="replace") for path in paths if path.suffix != ".pkl"
    )


def test_all_three_stages_reproduce_the_recorded_prediction_and_save_their_output(
    project, generation, fixtures, capsys
):
    assert drive(project, "--engine", "docker", "--compose", generation) == 0
    shown = capsys.readouterr().out
    assert "✓ Model loaded: FeedForwardNetwork" in shown
    assert "output/stage3_compose_execution/prediction.csv" in shown

    stage3 = project.stage3
    with (stage3 / "prediction.csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    with (fixtures / "default/iris/expected_current.csv").open(encoding="utf-8") as file:
        expected = next(csv.DictReader(file))
    for name, value in expected.items():
        assert float(row[name]) == pytest.approx(float(value), rel=1e-12)

    summary = (stage3 / "execution_summary.txt").read_text(encoding="utf-8")
    assert summary.startswith("Result:       prediction made\nExit status:  0\n")
    order = [
        summary.index(text)
        for text in ("activationbase started", "codebase started", "codebase exited with status 0")
    ]
    assert order == sorted(order)
    log = (stage3 / "docker_compose_output.log").read_text(encoding="utf-8")
    assert "\x1b" not in log
    assert "ACTIVATION COMPLETE" in log

    results = json.loads((project.stage2 / "test_results.json").read_text(encoding="utf-8"))
    assert results["passed"] is True
    assert [container["status"] for container in results["containers"]] == ["passed"] * 3
    assert all(container["image_id"].startswith("sha256:") for container in results["containers"])
    assert (project.stage2 / "container1_output.txt").read_bytes() == project.own_activation.read_bytes()
    assert "currentSolution.pkl" in (project.stage2 / "container2_output.txt").read_text(encoding="utf-8")
    assert "OK" in (project.stage2 / "container3_pybrain_test.txt").read_text(encoding="utf-8")
    assert containers_of(project) == []


def test_network_and_rows_can_be_selected_with_options(project, fixtures):
    words = ("--engine", "docker", "--model", "course", "--data", str(project.root / "data/course_80.csv"))
    own = project.own_knowledge.read_bytes()
    assert drive(project, *words) == 0
    expected = np.loadtxt(fixtures / "default/course/expected_80.csv", skiprows=1)
    with (project.stage3 / "prediction.csv").open(encoding="utf-8") as file:
        seen = [float(row["prediction"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(seen, expected, rtol=1e-12)
    assert project.own_knowledge.read_bytes() == own, (
        "an option is for one run; the project's own network stays"
    )


def test_a_failing_codebase_is_reported_as_a_failure(project, generation, capsys):
    breaks_with(project, "import sys; print('it breaks here'); sys.exit(7)\n")
    assert drive(project, "compose", "--engine", "docker", "--compose", generation) == 7
    assert "codebase exited with status 7" in capsys.readouterr().err
    summary = (project.stage3 / "execution_summary.txt").read_text(encoding="utf-8")
    assert "FAILED, exit status 7" in summary
    assert "it breaks here" in summary
    assert "prediction made" not in everything_written(project)
    assert containers_of(project) == []


def test_a_failing_codebase_fails_the_container_tests_and_all_stages(project):
    breaks_with(project, "import sys; print('it breaks here'); sys.exit(7)\n")
    assert drive(project, "check", "--engine", "docker") == 7
    results = json.loads((project.stage2 / "test_results.json").read_text(encoding="utf-8"))
    assert results["passed"] is False
    assert drive(project, "--engine", "docker") == 7
    assert "prediction made" not in everything_written(project)
    assert containers_of(project) == []


def test_a_codebase_that_exits_with_0_without_a_prediction_fails_the_run(project, capsys):
    breaks_with(project, "print('✓ Prediction: 0.5')\nprint('ACTIVATION COMPLETE')\n")
    assert drive(project, "compose", "--engine", "docker") == 70
    assert "shared_data/prediction.csv is missing" in capsys.readouterr().err
    assert "FAILED" in (project.stage3 / "execution_summary.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("generation", ["v1"], indirect=True)
def test_a_codebase_that_hangs_is_stopped_and_its_stack_removed(project, generation, capsys):
    breaks_with(project, "import time; print('thinking', flush=True); time.sleep(600)\n")
    assert drive(project, "compose", "--engine", "docker", "--compose", generation, "--timeout", "15") == 75
    assert "did not end within 15 s" in capsys.readouterr().err
    assert "thinking" in (project.stage3 / "docker_compose_output.log").read_text(encoding="utf-8")
    assert containers_of(project) == []


@pytest.mark.parametrize(
    ("generation", "number"), [("v1", signal.SIGINT), ("v2", signal.SIGTERM)], indirect=["generation"]
)
def test_an_interrupted_driver_removes_the_stack(project, generation, number):
    breaks_with(project, "import time; print('thinking', flush=True); time.sleep(600)\n")
    driver = start(project, "compose", "--engine", "docker", "--compose", generation)
    seen = ""
    for line in driver.stdout:
        seen += line
        if "thinking" in line:
            break
    driver.send_signal(number)
    rest = driver.communicate(timeout=300)[0]
    assert driver.returncode == 130, seen + rest
    assert containers_of(project) == []
    assert "FAILED, exit status 130" in (project.stage3 / "execution_summary.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("generation", "service"), [("v1", "codebase"), ("v2", "knowledgebase")], indirect=["generation"]
)
def test_a_killed_container_fails_the_run_and_is_reported(project, generation, service):
    breaks_with(project, "import time; print('thinking', flush=True); time.sleep(600)\n")
    driver = start(project, "compose", "--engine", "docker", "--compose", generation)
    seen = ""
    for line in driver.stdout:
        seen += line
        if "thinking" in line:
            break
    assert "thinking" in seen, seen
    subprocess.run(["docker", "kill", running_container(project, service)], check=True, capture_output=True)
    seen += driver.communicate(timeout=300)[0]
    assert driver.returncode == 137, seen
    summary = (project.stage3 / "execution_summary.txt").read_text(encoding="utf-8")
    assert f"{service} exited with status 137 (killed from outside)" in summary
    assert containers_of(project) == []


def test_a_failed_build_shows_its_last_lines(project, capsys):
    (project.context(SERVICES[2]) / "Dockerfile").write_text(
        "FROM python:3.11-slim AS codebase\nRUN echo no wheel for you; exit 3\n"
    )
    assert drive(project, "check", "--engine", "docker") == 69
    said = capsys.readouterr().err
    assert "codebase_app07 could not be built" in said
    assert "no wheel for you" in said


def test_without_a_build_a_missing_image_is_an_error(project, capsys):
    (project.own_activation).write_text("5.0,3.0,1.0,0.1\n", encoding="utf-8")
    assert drive(project, "compose", "--engine", "docker", "--no-build") == 69
    assert "missing or outdated" in capsys.readouterr().err


def test_two_checkouts_of_the_same_name_run_side_by_side(place, copy_project):
    layouts = [copy_project(place / name / "app07") for name in ("one", "two")]
    layouts[1].own_activation.write_text("5.0,3.0,1.0,0.1\n", encoding="utf-8")
    drivers = [start(layout, "compose", "--engine", "docker") for layout in layouts]
    said = [driver.communicate(timeout=300)[0] for driver in drivers]
    assert [driver.returncode for driver in drivers] == [0, 0], "\n".join(said)
    rows = [
        (layout.stage3 / "prediction.csv").read_text(encoding="utf-8").splitlines()[1] for layout in layouts
    ]
    assert rows[0].startswith("5.8,2.7,5.1,1.9,")
    assert rows[1].startswith("5.0,3.0,1.0,0.1,")
    for layout in layouts:
        forget(layout)


def test_two_runs_in_one_checkout_run_one_after_the_other(project):
    first = start(project, "compose", "--engine", "docker")
    while "Stage 3" not in first.stdout.readline():
        assert first.poll() is None
    second = start(project, "compose", "--engine", "docker")
    said = [first.communicate(timeout=300)[0], second.communicate(timeout=300)[0]]
    assert [first.returncode, second.returncode] == [0, 0], "\n".join(said)
    assert "another run is in progress in this checkout" in said[1]


def test_a_manually_started_stack_of_the_checkout_is_not_changed(project, capsys):
    breaks_with(project, "import time; print('thinking', flush=True); time.sleep(600)\n")
    environment = {**os.environ, "IMAGE_TAG": "test-by-hand"}
    by_hand = ["docker", "compose", "-p", "byhand"]
    try:
        subprocess.run(
            [*by_hand, "up", "-d"],
            cwd=project.root,
            env=environment,
            check=True,
            capture_output=True,
            timeout=300,
        )
        assert drive(project, "compose", "--engine", "docker", "--timeout", "5") == 75
        assert "byhand" in capsys.readouterr().err
    finally:
        subprocess.run(
            [*by_hand, "down", "--volumes"],
            cwd=project.root,
            env=environment,
            check=True,
            capture_output=True,
        )
        names = [f"{service.image}:test-by-hand" for service in SERVICES]
        subprocess.run(["docker", "image", "rm", *names], check=False, capture_output=True)


def test_auto_selects_docker_and_the_images_hold_no_compiler_and_run_without_root(project, capsys):
    assert drive(project, "check") == 0
    assert "(a daemon responds)" in capsys.readouterr().out
    results = json.loads((project.stage2 / "test_results.json").read_text(encoding="utf-8"))
    codebase = {check["name"]: check for check in results["containers"][2]["checks"]}
    assert codebase["runs as a non-root user, given by numeric UID"]["detail"] == "user 10001:10001"
    assert codebase["contains no compiler"]["status"] == "passed"
    assert codebase["adds no more than 80 MB to its base"]["status"] == "passed"


def test_rebuilding_a_context_removes_its_older_tags(project):
    assert drive(project, "check", "--engine", "docker") == 0
    project.own_activation.write_text("5.0,3.0,1.0,0.1\n", encoding="utf-8")
    time.sleep(0.1)
    assert drive(project, "check", "--engine", "docker") == 0
    version, compose = find_docker()
    engine = DockerEngine(project, version, compose)
    listed = subprocess.run(
        [
            "docker",
            "image",
            "ls",
            "--filter",
            f"label=app07.checkout={engine.project}",
            "--format",
            "{{.Tag}}",
            "codebase_app07",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(listed.stdout.split()) <= {engine.tag, "latest"}
