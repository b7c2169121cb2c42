"""The variables of the compose files that fit some hardware."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import NamedTuple

from pipeline.hardware.accelerators import Accelerator
from pipeline.hardware.detection import Hardware

NAMES = (
    "PLATFORM", "CPU_LIMIT", "CPU_THREADS", "MEMORY_LIMIT", "GPU_DEVICES", "RENDER_GID",
    "COMPOSE_PATH_SEPARATOR", "COMPOSE_FILE",
)  # fmt: skip
"""All variables that may be written."""

GPU_NVIDIA, GPU_AMD = "gpu-nvidia", "gpu-amd"

_MIB, _GIB = 1 << 20, 1 << 30
_LEAST_MEMORY = 256 * _MIB
_MOST_MEMORY = 8 * _GIB
# The compose file allows 64 processes and threads; OpenBLAS and inference start this many each.
_MOST_THREADS = 24


class Settings(NamedTuple):
    """What `.env` is to say.

    Attributes:
        profile: the name of the profile; empty where docker-compose.yml alone does.
        variables: their values, in the order of `NAMES`.
    """

    profile: str
    variables: dict[str, str]


def settings_for(
    hardware: Hardware, profile: str, files: Collection[str], own: Mapping[str, str]
) -> Settings:
    """Return the variables for some hardware. What is not known is left out, so that the compose file's default holds.

    Args:
        hardware: what was detected.
        profile: one of `PROFILES`, empty for none, or ``auto`` for NVIDIA's where it is there and its GPUs can be used.
        files: the names of the compose files in the project's folder.
        own: the variables that a person has set, which the others have to fit.
    """
    if profile == "auto":
        usable = hardware.usable("nvidia") and f"docker-compose.{GPU_NVIDIA}.yml" in files
        profile = GPU_NVIDIA if usable else ""
    separator = own.get("COMPOSE_PATH_SEPARATOR") or ":"
    found = {
        "PLATFORM": hardware.platform,
        **_limits(hardware, number(own.get("CPU_LIMIT", ""))),
        **_profile(hardware, profile, files, separator),
    }
    return Settings(profile, {name: found[name] for name in NAMES if found.get(name)})


def number(text: str) -> float:
    """Return a number of processors; 0 for any other text."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if math.isfinite(value) and value > 0 else 0.0


def _limits(hardware: Hardware, own_limit: float) -> Mapping[str, str]:
    engine, found = hardware.engine, {}
    processors = math.floor(hardware.processors.usable * 100) / 100
    if processors:
        found["CPU_THREADS"] = str(max(1, min(_MOST_THREADS, int(min(processors, own_limit or processors)))))
        if engine is None or engine.limits_processors:
            found["CPU_LIMIT"] = f"{processors:g}"
    if hardware.memory.usable and (engine is None or engine.limits_memory):
        found["MEMORY_LIMIT"] = memory_text(memory_for(int(hardware.memory.usable)))
    return found


def memory_for(usable: int) -> int:
    """Return the bytes of memory that codebase may use: half of the usable ones, but 256 MiB to 8 GiB if there are.

    Args:
        usable: bytes.
    """
    return min(usable, max(_LEAST_MEMORY, min(_MOST_MEMORY, usable // 2)))


def memory_text(size: int) -> str:
    """Return a size as Compose reads it, in whole MiB or GiB.

    Args:
        size: bytes.
    """
    return f"{size // _GIB}g" if size >= _GIB and size % _GIB < _GIB // 16 else f"{max(6, size // _MIB)}m"


def _profile(hardware: Hardware, profile: str, files: Collection[str], separator: str) -> Mapping[str, str]:
    if not profile:
        return {}
    # COMPOSE_FILE replaces the search for an override file, so that one has to be named as well.
    override = [
        name for name in ("docker-compose.override.yml", "docker-compose.override.yaml") if name in files
    ]
    names = ["docker-compose.yml", f"docker-compose.{profile}.yml", *override[:1]]
    found = {"COMPOSE_PATH_SEPARATOR": separator, "COMPOSE_FILE": separator.join(names)}
    if profile == GPU_NVIDIA:
        found |= _gpu_devices(hardware.usable("nvidia"))
    amd = hardware.usable("amd")
    if profile == GPU_AMD and amd is not None and amd.group:
        found["RENDER_GID"] = str(amd.group)
    return found


def _gpu_devices(gpus: Accelerator | None) -> Mapping[str, str]:
    """Return the GPU to use where there are several: the one with the most memory."""
    if gpus is None or len(gpus.names) < 2:
        return {}
    return {"GPU_DEVICES": str(max(range(len(gpus.memory)), key=lambda index: gpus.memory[index]))}
