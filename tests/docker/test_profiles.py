"""The compose files of the hardware profiles: read by both versions of Compose, and passed on to the engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.project import PROFILES, PROJECT
from tests.docker.conftest import COMMANDS, Stack

CONTEXT = PROJECT.code.parent


def files(profile: str) -> str:
    return f"docker-compose.yml:docker-compose.{profile}.yml"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_read_with_the_compose_file(generation: str, profile: str) -> None:
    words = [*COMMANDS[generation], "config", "--quiet"]
    environment = os.environ | {"COMPOSE_FILE": files(profile)}
    read = subprocess.run(
        words, cwd=PROJECT.root, env=environment, capture_output=True, text=True, check=False
    )
    assert (read.returncode, read.stdout, read.stderr) == (0, "", "")


def test_the_cpu_profile_predicts_whatever_image_is_selected(stack: Stack) -> None:
    typed = stack.up(COMPOSE_FILE=files("cpu"), CODE_IMAGE="codebase_app07_gpu")
    assert typed.status == 0, typed.output
    assert json.loads(stack.shared("prediction.json").read_text())["prediction"]["rows"] == 1


@pytest.fixture
def gpu_image(stack: Stack) -> Iterator[None]:
    """Tag the image of codebase with the name of the GPU image, which takes minutes to build."""
    name = f"codebase_app07_gpu:{stack.tag}"
    subprocess.run(["docker", "tag", f"codebase_app07:{stack.tag}", name], check=True)
    yield
    subprocess.run(["docker", "image", "rm", "-f", name], check=True, capture_output=True)


def test_the_gpu_profiles_request_their_devices_from_the_engine(stack: Stack, gpu_image: None) -> None:
    reasons = {
        "gpu-nvidia": 'could not select device driver "nvidia" with capabilities: [[gpu]]',
        "gpu-amd": 'while adding custom device "/dev/',
    }
    for profile, reason in reasons.items():
        typed = stack.up("--no-build", COMPOSE_FILE=files(profile))
        # On a machine that has the devices, the stack runs.
        assert (reason if typed.status else "ACTIVATION COMPLETE") in typed.output


def test_the_gpu_target_without_cupy_computes_on_the_cpu_and_reports_it(
    docker: None, place: Path, fixtures: Path
) -> None:
    name = f"codebase_app07_gpu:test-{uuid.uuid4().hex[:8]}"
    built = subprocess.run(
        ["docker", "build", "--quiet", "--target", "gpu", "-t", name, "."],
        cwd=CONTEXT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    place.chmod(0o777)
    for source in ("currentSolution.pkl", "currentSolution.card.json"):
        shutil.copy(fixtures / "default/iris" / source, place / source)
    shutil.copy(fixtures / "default/iris/currentActivation.csv", place / "activation_data.csv")
    try:
        done = subprocess.run(
            ["docker", "run", "--rm", "--network", "none", "--read-only", "-v", f"{place}:/shared_data", name],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
    finally:
        subprocess.run(["docker", "image", "rm", "-f", name], check=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert "\n  Computed on the CPU: for this network, a GPU is tried from " in done.stdout
    assert "✓ Prediction: 0.000026" in done.stdout
