"""The tutor's five steps, with the literal commands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from common.project import SERVICES

# There is one image called `latest` on a machine: these tests build it, or use it, one after the other.
pytestmark = [
    pytest.mark.xdist_group("latest images"),
    pytest.mark.usefixtures("latest_images_stay_as_they_are"),
]

_OK = "import sys; sys.path.append('/opt/pybrain'); from pybrain.structure import FeedForwardNetwork; print('OK')"


def typed(command: list[str], cwd: Path) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def images(docker: None, latest_images_stay_as_they_are: None) -> None:
    """Step 1: build each image separately, in its folder."""
    from common.project import PROJECT

    for service in SERVICES:
        typed(["docker", "build", "-t", service.image, "."], PROJECT.context(service))


def test_the_first_container_prints_the_rows_and_nothing_else(images, tmp_path, fixtures):
    said = typed(["docker", "run", "--rm", "activationbase_app07"], tmp_path)
    assert said == (fixtures / "default/iris/currentActivation.csv").read_text()


def test_the_second_container_lists_the_network(images, tmp_path):
    said = typed(["docker", "run", "--rm", "knowledgebase_app07"], tmp_path)
    assert "currentSolution.pkl" in said


def test_the_third_container_imports_pybrain(images, tmp_path):
    assert typed(["docker", "run", "--rm", "codebase_app07", "python3", "-c", _OK], tmp_path) == "OK\n"


def test_the_third_container_imports_pybrain_without_changing_sys_path(images, tmp_path):
    program = "from pybrain.structure import FeedForwardNetwork; print('OK')"
    assert typed(["docker", "run", "--rm", "codebase_app07", "python3", "-c", program], tmp_path) == "OK\n"


def test_the_third_container_without_inputs_explains_what_is_missing(images, tmp_path):
    done = subprocess.run(
        ["docker", "run", "--rm", "codebase_app07"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 66
    assert "docker-compose up --abort-on-container-exit" in done.stdout + done.stderr


def test_the_stack_leaves_the_files_that_the_tutor_looks_for(images, stack):
    assert stack.up().status == 0
    names = [path.name for path in stack.layout.shared_data.iterdir()]
    assert {"activation_data.csv", "currentSolution.pkl", "prediction.csv", "prediction.json"} <= set(names)
    assert stack.shared("activation_data.csv").read_bytes() == stack.layout.own_activation.read_bytes()
    assert stack.shared("currentSolution.pkl").read_bytes() == stack.layout.own_knowledge.read_bytes()
