"""docker-bake.hcl describes the images of the compose files, for two platforms."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import Any

import pytest
import yaml

from common.project import PROJECT
from pipeline.commands.publish import _GROUPS, _PLATFORMS
from pipeline.publishing.bake import GROUPS, PLATFORMS
from pipeline.publishing.source_state import SourceState

pytestmark = pytest.mark.docker

COMPOSE_FILES = {
    "default": "docker-compose.yml",
    "training": "docker-compose.training.yml",
    "serving": "docker-compose.serving.yml",
    "monitored": "docker-compose.monitoring.yml",
    "gpu": "docker-compose.gpu-nvidia.yml",
}


def printed(group: str, **variables: str) -> dict[str, Any]:
    """Return the targets of a group, as parsed by bake."""
    done = subprocess.run(
        ["docker", "buildx", "bake", "-f", "docker-bake.hcl", "--print", group],
        cwd=PROJECT.root, env=os.environ | variables, capture_output=True, text=True, check=True,
    )  # fmt: skip
    targets = json.loads(done.stdout)["target"]
    assert isinstance(targets, dict)
    return targets


@pytest.fixture(scope="module", autouse=True)
def buildx(engine: None) -> None:
    """Require an engine with buildx."""


def test_the_three_images_are_built_for_two_platforms_by_default() -> None:
    targets = printed("default")
    assert sorted(targets) == ["activationbase", "codebase", "knowledgebase"]
    assert all(target["platforms"] == ["linux/amd64", "linux/arm64"] for target in targets.values())
    assert not any("labels" in target for target in targets.values())


def test_command_and_file_have_the_same_groups_and_platforms() -> None:
    assert _GROUPS == GROUPS
    assert _PLATFORMS == PLATFORMS
    every = printed("all")
    for group in GROUPS:
        assert printed(group).keys() <= every.keys()


@pytest.mark.parametrize("group", COMPOSE_FILES)
def test_a_group_has_the_images_of_its_compose_file(group: str) -> None:
    services = yaml.safe_load((PROJECT.root / COMPOSE_FILES[group]).read_text("utf-8"))["services"]
    built = [service for service in services.values() if "build" in service]
    wanted = {
        (
            service["build"]
            .get("context", "container3_codebase")
            .removeprefix("./"),  # gpu: of docker-compose.yml
            _default(service["build"].get("target", "")),
            _default(service["image"]).partition(":")[0],
            frozenset((name, _default(value)) for name, value in service["build"].get("args", {}).items()),
        )
        for service in built
    }
    described = {
        (
            target["context"],
            target.get("target", ""),
            target["tags"][0].partition(":")[0],
            frozenset(target.get("args", {}).items()),
        )
        for target in printed(group).values()
    }
    assert wanted and wanted <= described


def _default(text: str) -> str:
    """Return a string with variables replaced by their defaults."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def test_labels_that_change_are_build_labels_and_not_arguments() -> None:
    state = SourceState("1.2.3", "a" * 40, "https://git.example.org/p", 1700000000)
    for target in printed("all", **state.variables()).values():
        assert target["labels"] == {
            "org.opencontainers.image.version": "1.2.3",
            "org.opencontainers.image.revision": "a" * 40,
            "org.opencontainers.image.source": "https://git.example.org/p",
            "org.opencontainers.image.created": state.created,
        }
        # Builders take the time from this argument; no Dockerfile declares it, so no step depends on it.
        assert target["args"].pop("SOURCE_DATE_EPOCH") == "1700000000"
        assert not set(target["args"].values()) & {"1.2.3", "a" * 40}


def test_base_images_and_registry_are_variables() -> None:
    targets = printed(
        "default", BUSYBOX_IMAGE="mirror/busybox:1", PYTHON_IMAGE="mirror/python:3", REGISTRY="h/n/"
    )
    assert targets["activationbase"]["args"] == {"BUSYBOX": "mirror/busybox:1"}
    assert targets["codebase"]["args"] == {"PYTHON": "mirror/python:3"}
    assert targets["codebase"]["tags"] == ["h/n/codebase_app07:latest"]


def test_every_dockerfile_states_title_description_and_license() -> None:
    for path in sorted(PROJECT.root.glob("container*/Dockerfile")):
        text = path.read_text("utf-8")
        for label in ("title", "description", "licenses"):
            assert f"org.opencontainers.image.{label}=" in text, path
