"""The compose files of the hardware profiles match the generator, and contain only the necessary keys."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from common.project import PROFILES, PROJECT, SERVICES
from pipeline.compose.profiles import render_profile
from pipeline.compose.specification import schema_problems

KEYS = {
    "image", "build", "environment", "mem_limit", "pids_limit", "deploy", "devices", "group_add", "platform",
}  # fmt: skip
"""The keys of a service that a profile may set."""


def services(profile: str) -> dict[str, dict[str, Any]]:
    document = yaml.safe_load(PROJECT.profile_file(profile).read_text(encoding="utf-8"))
    assert list(document) == ["services"]
    found: dict[str, dict[str, Any]] = document["services"]
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_the_stored_profile_matches_its_rendering(profile: str) -> None:
    assert PROJECT.profile_file(profile).read_bytes() == render_profile(profile).encode()


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_valid_by_the_compose_specification(profile: str) -> None:
    assert schema_problems(render_profile(profile)) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_changes_services_of_the_compose_file_by_a_few_keys(profile: str) -> None:
    found = services(profile)
    assert set(found) <= {service.name for service in SERVICES}
    assert {key for service in found.values() for key in service} <= KEYS


def test_only_the_gpu_profiles_contain_devices() -> None:
    named = {
        profile: service.get("devices") for profile in PROFILES for service in services(profile).values()
    }
    assert named == {"cpu": None, "gpu-nvidia": None, "gpu-amd": ["/dev/kfd", "/dev/dri"], "arm64": None}
    [device] = services("gpu-nvidia")["codebase"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "device_ids": ["${GPU_DEVICES:-0}"], "capabilities": ["gpu"]}


def test_the_profile_for_nvidia_builds_the_image_with_the_library() -> None:
    codebase = services("gpu-nvidia")["codebase"]
    assert codebase["image"] == "codebase_app07_gpu:${IMAGE_TAG:-latest}"
    assert codebase["build"] == {"target": "gpu", "args": {"GPU_PACKAGES": "cuda"}}
    recipe = (PROJECT.code.parent / "Dockerfile").read_text(encoding="utf-8")
    assert "FROM fast AS gpu\n" in recipe
    assert "ARG GPU_PACKAGES=none\n" in recipe


def test_every_container_of_the_arm64_profile_has_the_platform() -> None:
    expected = {service.name: {"platform": "linux/arm64"} for service in SERVICES}
    assert services("arm64") == expected


def test_an_unknown_profile_is_an_error() -> None:
    with pytest.raises(KeyError, match="tpu"):
        render_profile("tpu")
