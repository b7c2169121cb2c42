"""The limits that Linux control groups (version 1 or 2) set on this process."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.hardware.machine import Machine, whole_number

_FOLDER = "sys/fs/cgroup"
_UNLIMITED = 1 << 60
_MOST_GROUPS = 64


def processor_quota(machine: Machine) -> float | None:
    """Return the number of CPUs that the quotas of the control groups of this process allow; None without a quota.

    Args:
        machine: the machine.
    """
    quotas = []
    for folder in _groups(machine, "cpu"):
        words = machine.text(f"{folder}/cpu.max").split() or [
            machine.text(f"{folder}/cpu.cfs_quota_us"),
            machine.text(f"{folder}/cpu.cfs_period_us"),
        ]
        numbers = [whole_number(word) for word in words]
        if len(numbers) == 2 and numbers[0] and numbers[1]:
            quotas.append(numbers[0] / numbers[1])
    return min(quotas, default=None)


def memory_limit(machine: Machine) -> int | None:
    """Return the memory limit of the control groups of this process in bytes; None without a limit.

    Args:
        machine: the machine.
    """
    files = ("memory.max", "memory.limit_in_bytes")
    found = [machine.number(f"{folder}/{file}") for folder in _groups(machine, "memory") for file in files]
    return min((limit for limit in found if limit is not None and 0 < limit < _UNLIMITED), default=None)


def _groups(machine: Machine, controller: str) -> Iterator[str]:
    """Yield the folders of the control groups of this process for one controller, innermost first."""
    for line in machine.text("proc/self/cgroup").splitlines()[:_MOST_GROUPS]:
        _, _, rest = line.partition(":")
        controllers, separator, group = rest.partition(":")
        if not separator or (controllers and controller not in controllers.split(",")):
            continue
        root = f"{_FOLDER}/{controllers}" if controllers else _FOLDER
        parts = [part for part in group.split("/") if part and part != ".."][:_MOST_GROUPS]
        # In a container, the group of the container is mounted as the root.
        for end in range(len(parts), -1, -1):
            yield "/".join([root, *parts[:end]])
