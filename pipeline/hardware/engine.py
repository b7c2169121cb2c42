"""Detect the container engine and its machine, which may be a virtual machine on this one."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pipeline.hardware.machine import Machine

_HOOKS = ("usr/bin/nvidia-container-runtime-hook", "usr/local/bin/nvidia-container-runtime-hook")


@dataclass(frozen=True)
class EngineFacts:
    """A container engine.

    Attributes:
        version: the version of the engine.
        system: the operating system of its machine.
        architecture: the architecture of its machine, as reported by the kernel.
        processors: the number of CPUs of its machine; the engine refuses higher limits.
        memory: the memory of its machine in bytes.
        limits_processors: whether its kernel can limit CPUs.
        limits_memory: whether its kernel can limit memory.
        nvidia: whether it can expose NVIDIA GPUs to containers.
        virtual: whether it runs in a virtual machine, such as that of Docker Desktop, or on another machine.
    """

    version: str
    system: str
    architecture: str
    processors: int
    memory: int
    limits_processors: bool
    limits_memory: bool
    nvidia: bool
    virtual: bool


def find_engine(machine: Machine) -> EngineFacts | None:
    """Return the engine that the docker command uses; None if none responds.

    Args:
        machine: the machine.
    """
    printed = machine.ask(("docker", "info", "--format", "{{json .}}"))
    line = next((line for line in (printed or "").splitlines() if line.startswith("{")), "{}")
    try:
        info = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(info, dict) or _text(info, "OSType") not in ("linux", ""):
        return None
    version = _text(info, "ServerVersion")
    return _facts(machine, info, version) if version else None


def _facts(machine: Machine, info: dict[str, object], version: str) -> EngineFacts:
    system = _text(info, "OperatingSystem")
    return EngineFacts(
        version=version,
        system=system,
        architecture=_text(info, "Architecture"),
        processors=_whole(info, "NCPU"),
        memory=_whole(info, "MemTotal"),
        limits_processors=info.get("CpuCfsQuota") is not False,
        limits_memory=info.get("MemoryLimit") is not False,
        nvidia=_gives_nvidia(machine, info),
        virtual=machine.system != "Linux" or system.startswith("Docker Desktop") or is_remote(machine),
    )


def _gives_nvidia(machine: Machine, info: dict[str, object]) -> bool:
    runtimes = info.get("Runtimes")
    if isinstance(runtimes, dict) and "nvidia" in runtimes:
        return True
    # Device reservations need no registered runtime: an engine on this machine looks for the hook.
    return not is_remote(machine) and any(machine.exists(path) for path in _HOOKS)


def is_remote(machine: Machine) -> bool:
    """Return whether the docker command is configured for an engine on another machine.

    Args:
        machine: the machine.
    """
    return machine.environment.get("DOCKER_HOST", "").startswith(("tcp://", "ssh://", "http"))


def _text(info: dict[str, object], key: str) -> str:
    value = info.get(key)
    return value[:200] if isinstance(value, str) else ""


def _whole(info: dict[str, object], key: str) -> int:
    value = info.get(key)
    return value if isinstance(value, int) and 0 < value < 1 << 62 else 0
