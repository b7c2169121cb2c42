"""Detect the hardware of the machine and its container engine, and how much of it a run can use."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.hardware.accelerators import Accelerator, find_accelerators
from pipeline.hardware.control_groups import memory_limit, processor_quota
from pipeline.hardware.engine import EngineFacts, find_engine, is_remote
from pipeline.hardware.machine import Machine, whole_number

_PLATFORMS = {
    "x86_64": "linux/amd64",
    "amd64": "linux/amd64",
    "aarch64": "linux/arm64",
    "arm64": "linux/arm64",
    "armv7l": "linux/arm/v7",
    "armv6l": "linux/arm/v6",
    "i386": "linux/386",
    "i686": "linux/386",
    "ppc64le": "linux/ppc64le",
    "s390x": "linux/s390x",
    "riscv64": "linux/riscv64",
}


@dataclass(frozen=True)
class Amount:
    """The total and the usable amount of a resource.

    Attributes:
        total: the amount that the machine has; 0 if unknown.
        usable: the amount within all limits; 0 if unknown.
        limits: the names and values of the limits.
    """

    total: int
    usable: float
    limits: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Hardware:
    """The detected hardware.

    Attributes:
        system: ``Linux``, ``Darwin`` or ``Windows``.
        architecture: the architecture of the machine, as reported by its kernel.
        platform: the image platform in the notation of Docker; empty if unknown.
        processors: the number of CPUs.
        memory: the memory in bytes.
        engine: the container engine; None if none responds.
        accelerators: the GPUs, TPUs and FPGAs.
    """

    system: str
    architecture: str
    platform: str
    processors: Amount
    memory: Amount
    engine: EngineFacts | None
    accelerators: tuple[Accelerator, ...]

    def usable(self, kind: str) -> Accelerator | None:
        """Return the accelerators of a kind if containers can use them, otherwise None."""
        return next((each for each in self.accelerators if each.kind == kind and each.usable), None)


def detect(machine: Machine) -> Hardware:
    """Detect the hardware.

    Args:
        machine: the machine to examine.
    """
    engine = find_engine(machine)
    architecture = engine.architecture if engine and engine.architecture else machine.architecture
    return Hardware(
        system=machine.system,
        architecture=machine.architecture,
        platform=_PLATFORMS.get(architecture.lower(), ""),
        processors=_processors(machine, engine),
        memory=_memory(machine, engine),
        engine=engine,
        accelerators=find_accelerators(machine, engine),
    )


def _processors(machine: Machine, engine: EngineFacts | None) -> Amount:
    limits: list[tuple[str, float]] = []
    if machine.affinity is not None and machine.affinity < machine.processors:
        limits.append(("affinity", machine.affinity))
    if (quota := processor_quota(machine)) is not None:
        limits.append(("control group", quota))
    if engine is not None and engine.processors:
        limits.append(("container engine", engine.processors))
    return _amount(machine, machine.processors, engine, limits)


def _memory(machine: Machine, engine: EngineFacts | None) -> Amount:
    limits: list[tuple[str, float]] = []
    if (limit := memory_limit(machine)) is not None:
        limits.append(("control group", limit))
    if engine is not None and engine.memory:
        limits.append(("container engine", engine.memory))
    return _amount(machine, _total_memory(machine), engine, limits)


def _amount(
    machine: Machine, total: int, engine: EngineFacts | None, limits: list[tuple[str, float]]
) -> Amount:
    if is_remote(machine):  # limits of this machine do not apply
        usable = limits[-1][1] if engine is not None and limits else 0
    elif engine is None and machine.system != "Linux":
        usable = 0  # the share of the virtual machine is unknown
    else:
        usable = min([value for _, value in limits] + [total] * bool(total), default=0)
    return Amount(total, usable, tuple(limits))


def _total_memory(machine: Machine) -> int:
    """Return the memory of the machine in bytes; 0 if unknown."""
    for line in machine.text("proc/meminfo").splitlines():
        name, _, value = line.partition(":")
        if name == "MemTotal":
            return (whole_number(value.removesuffix("kB")) or 0) * 1024
    if machine.system == "Darwin":
        return whole_number(machine.ask(("sysctl", "-n", "hw.memsize")) or "") or 0
    return 0
