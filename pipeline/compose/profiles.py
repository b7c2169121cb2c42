"""The hardware profiles: compose files that adapt docker-compose.yml to a kind of hardware.

Each is stored in the project as docker-compose.PROFILE.yml. They contain only keys that both versions of Compose
support, and only what differs from docker-compose.yml.
"""

from __future__ import annotations

from collections.abc import Callable

from common.project import ACTIVATIONBASE, CODEBASE, KNOWLEDGEBASE, PROFILES
from pipeline.compose.yaml_text import Commented, Flow, Raw, Value, yaml_text

Services = dict[str, Value]


def render_profile(name: str) -> str:
    """Return the content of the compose file of a profile.

    Args:
        name: one of `PROFILES`.

    Raises:
        KeyError: the profile is unknown.
    """
    header, services = _RENDERERS[name]
    usage = f"docker compose -f docker-compose.yml -f docker-compose.{name}.yml up --abort-on-container-exit"
    lines = [
        *header,
        "",
        f"  {usage}",
        "",
        "With Compose 1.29.2, write docker-compose instead of docker compose.",
    ]
    return yaml_text({"services": services()}, header=lines, escape_dollars=False)


def _cpu() -> Services:
    return {
        CODEBASE: {
            "image": Commented(
                Raw("codebase_app07:${IMAGE_TAG:-latest}"),
                ("Ignores CODE_IMAGE, which .env may set to a GPU image.",),
            ),
            "environment": {"COMPUTE_DEVICE": "cpu"},
        }
    }


def _gpu_nvidia() -> Services:
    build: dict[str, Value] = {
        "target": "gpu",
        "args": Commented(
            {"GPU_PACKAGES": "cuda"}, ("Without it, the image has no CuPy and computes on the CPU.",)
        ),
    }
    devices: list[Value] = [
        {
            "driver": "nvidia",
            "device_ids": Commented(
                [Raw('"${GPU_DEVICES:-0}"')],
                (
                    "The index or UUID of the GPU to use, as listed by nvidia-smi. Not `count`, which 1.29.2 does not",
                    "accept from a variable. In the container, the index of the GPU is 0.",
                ),
            ),
            "capabilities": Flow(("gpu",)),
        }
    ]
    return {
        CODEBASE: {
            "image": Raw("codebase_app07_gpu:${IMAGE_TAG:-latest}"),
            "build": build,
            "environment": {"COMPUTE_DEVICE": "gpu"},
            "mem_limit": Commented(
                Raw("${MEMORY_LIMIT:-4g}"),
                ("CUDA needs host memory in addition to that for the rows.",),
            ),
            "pids_limit": Commented(256, ("The driver starts its own threads.",)),
            "deploy": {"resources": {"reservations": {"devices": devices}}},
        }
    }


def _gpu_amd() -> Services:
    return {
        CODEBASE: {
            "environment": {"COMPUTE_DEVICE": "gpu"},
            "devices": Commented(["/dev/kfd", "/dev/dri"], ("The compute interface and the GPUs.",)),
            "group_add": Commented(
                ["video", Raw('"${RENDER_GID:-109}"')],
                (
                    "The groups that may open these devices. The ID of the second one differs between hosts:",
                    "  stat --format %g /dev/kfd",
                ),
            ),
            "mem_limit": Raw("${MEMORY_LIMIT:-4g}"),
            "pids_limit": 256,
        }
    }


def _arm64() -> Services:
    return {name: {"platform": "linux/arm64"} for name in (ACTIVATIONBASE, KNOWLEDGEBASE, CODEBASE)}


_RENDERERS: dict[str, tuple[tuple[str, ...], Callable[[], Services]]] = {
    "cpu": (
        ("The stack without a GPU, even if .env selects a GPU image.",),
        _cpu,
    ),
    "gpu-nvidia": (
        (
            "The stack with an NVIDIA GPU for codebase, which computes large numbers of rows on it.",
            "The host needs the driver (580 or later) and the NVIDIA Container Toolkit.",
        ),
        _gpu_nvidia,
    ),
    "gpu-amd": (
        (
            "The stack with the AMD GPUs of the host for codebase. codebase_app07 has no library for them and",
            "computes on the CPU; CODE_IMAGE=NAME selects your own image with CuPy for ROCm.",
        ),
        _gpu_amd,
    ),
    "arm64": (
        (
            "The stack on linux/arm64: Apple silicon, Graviton, Raspberry Pi. On other machines, the engine needs an",
            "arm64 emulator (QEMU) to build and run it.",
        ),
        _arm64,
    ),
}

assert tuple(_RENDERERS) == PROFILES
