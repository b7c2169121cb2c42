"""The variables of the compose files that suit the detected hardware."""

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
"""The names of all variables that may be written."""

GPU_NVIDIA, GPU_AMD = "gpu-nvidia", "gpu-amd"

_MIB, _GIB = 1 << 20, 1 << 30
_LEAST_MEMORY = 256 * _MIB
_MOST_MEMORY = 8 * _GIB
# The compose file allows 64 processes and threads; OpenBLAS and inference each start up to this many.
_MOST_THREADS = 24


class Settings(NamedTuple):
    """The settings to write to `.env`.

    Attributes:
        profile: the name of the hardware profile; empty if only docker-compose.yml is used.
        variables: the values of the variables, in the order of `NAMES`.
    """

    profile: str
    variables: dict[str, str]


def settings_for(
    hardware: Hardware, profile: str, files: Collection[str], own: Mapping[str, str]
) -> Settings:
    """Return the variables for the detected hardware. Unknown values are left out, so that the defaults apply.

    Args:
        hardware: the detected hardware.
        profile: one of `PROFILES`, empty for none, or ``auto`` for ``gpu-nvidia`` if its file exists and containers can
            use an NVIDIA GPU.
        files: the names of the compose files in the project folder.
        own: the variables that the user has set, which the others must match.
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
    """Return the value of a string as a positive number; 0 for any other string."""
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
    """Return the memory limit of codebase in bytes: half of the usable memory, but 256 MiB to 8 GiB if available.

    Args:
        usable: the usable memory in bytes.
    """
    return min(usable, max(_LEAST_MEMORY, min(_MOST_MEMORY, usable // 2)))


def memory_text(size: int) -> str:
    """Return a size in the notation of Compose, in whole MiB or GiB.

    Args:
        size: the size in bytes.
    """
    return f"{size // _GIB}g" if size >= _GIB and size % _GIB < _GIB // 16 else f"{max(6, size // _MIB)}m"


def _profile(hardware: Hardware, profile: str, files: Collection[str], separator: str) -> Mapping[str, str]:
    if not profile:
        return {}
    # With COMPOSE_FILE, Compose does not look for an override file, so it must be listed, too.
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
    """Return the GPU to use if there are several: the one with the most memory."""
    if gpus is None or len(gpus.names) < 2:
        return {}
    return {"GPU_DEVICES": str(max(range(len(gpus.memory)), key=lambda index: gpus.memory[index]))}
