"""The hardware profiles: files that fit docker-compose.yml to a kind of hardware when they are given beside it.

docker-compose.PROFILE.yml in the project is the rendering of each. They hold only keys that both generations of Compose
know, and no more than what differs from docker-compose.yml.
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.compose.yaml_text import Commented, Flow, Raw, Value, yaml_text
from pipeline.project import ACTIVATIONBASE, CODEBASE, KNOWLEDGEBASE, PROFILES

Services = dict[str, Value]


def render_profile(name: str) -> str:
    """Return the text of the compose file of a profile.

    Args:
        name: one of `PROFILES`.

    Raises:
        KeyError: there is no such profile.
    """
    header, services = _RENDERERS[name]
    usage = f"docker compose -f docker-compose.yml -f docker-compose.{name}.yml up --abort-on-container-exit"
    lines = [*header, "", f"  {usage}", "", "With 1.29.2: docker-compose instead of docker compose."]
    return yaml_text({"services": services()}, header=lines, escape_dollars=False)


def _cpu() -> Services:
    return {
        CODEBASE: {
            "image": Commented(
                Raw("codebase_app07:${IMAGE_TAG:-latest}"),
                ("Not that of CODE_IMAGE, which .env may set to the image for a GPU.",),
            ),
            "environment": {"COMPUTE_DEVICE": "cpu"},
        }
    }


def _gpu_nvidia() -> Services:
    build: dict[str, Value] = {
        "target": "gpu",
        "args": Commented(
            {"GPU_PACKAGES": "cuda"}, ("Without it the image has no CuPy, and computes on the processors.",)
        ),
    }
    devices: list[Value] = [
        {
            "driver": "nvidia",
            "device_ids": Commented(
                [Raw('"${GPU_DEVICES:-0}"')],
                (
                    "The number or UUID of the GPU, as nvidia-smi lists them; one is used. Not `count`, which 1.29.2",
                    "does not take from a variable. In the container it is number 0.",
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
                ("CUDA itself needs memory of the host, besides that for the rows.",),
            ),
            "pids_limit": Commented(256, ("The driver starts threads of its own.",)),
            "deploy": {"resources": {"reservations": {"devices": devices}}},
        }
    }


def _gpu_amd() -> Services:
    return {
        CODEBASE: {
            "environment": {"COMPUTE_DEVICE": "gpu"},
            "devices": Commented(
                ["/dev/kfd", "/dev/dri"], ("The interface for computing, and the GPUs themselves.",)
            ),
            "group_add": Commented(
                ["video", Raw('"${RENDER_GID:-109}"')],
                (
                    "The groups that may open them. The number of the second one differs between hosts:",
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
        ("The stack on processors alone, also where .env selects the image for a GPU.",),
        _cpu,
    ),
    "gpu-nvidia": (
        (
            "The stack with an NVIDIA GPU for codebase, where large amounts of rows are computed on it.",
            "The host needs the driver (580 or later) and the NVIDIA Container Toolkit.",
        ),
        _gpu_nvidia,
    ),
    "gpu-amd": (
        (
            "The stack with the AMD GPUs of the host in codebase. codebase_app07 has no library for them and computes",
            "on the processors; CODE_IMAGE=NAME selects an image of your own with CuPy for ROCm.",
        ),
        _gpu_amd,
    ),
    "arm64": (
        (
            "The stack on linux/arm64: Apple silicon, Graviton, Raspberry Pi. On another machine the engine needs an",
            "emulator of arm64 (QEMU) to build and run it.",
        ),
        _arm64,
    ),
}

assert tuple(_RENDERERS) == PROFILES
