"""Resource limits and usage of this process's container, read from the kernel's control groups (version 1 or 2)."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_UNLIMITED = 1 << 60


@dataclass(frozen=True)
class ControlGroup:
    """The control group of a container.

    Attributes:
        root: the folder where the kernel mounts the control group.
    """

    root: Path = Path("/sys/fs/cgroup")

    def processors(self) -> int:
        """Return the number of usable CPUs: the allowed ones, or the quota if it is smaller; at least 1."""
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        quota, period = self._quota()
        return max(1, min(allowed, math.ceil(quota / period))) if quota > 0 and period > 0 else allowed

    def memory_limit(self) -> int | None:
        """Return the memory limit in bytes; None without a limit."""
        limit = self._number("memory.max", "memory/memory.limit_in_bytes")
        return limit if limit is not None and limit < _UNLIMITED else None

    def memory_used(self) -> int | None:
        """Return the memory in use in bytes, without reclaimable file cache; None if unknown."""
        used = self._number("memory.current", "memory/memory.usage_in_bytes")
        if used is None:
            return None
        dropped = self._field("memory.stat", "inactive_file")
        if dropped is None:
            dropped = self._field("memory/memory.stat", "total_inactive_file")
        return max(0, used - (dropped or 0))

    def processor_seconds(self) -> float | None:
        """Return the CPU time used so far, in seconds; None if unknown."""
        microseconds = self._field("cpu.stat", "usage_usec")
        if microseconds is not None:
            return microseconds / 1e6
        nanoseconds = self._number("cpuacct/cpuacct.usage")
        return None if nanoseconds is None else nanoseconds / 1e9

    def _quota(self) -> tuple[int, int]:
        """Return the CPU time per period and the length of the period, in microseconds; zeros without a limit."""
        words = self._text("cpu.max").split()
        if not words:
            words = [self._text("cpu/cpu.cfs_quota_us"), self._text("cpu/cpu.cfs_period_us")]
        if len(words) == 2 and all(word.strip().isdecimal() for word in words):
            return int(words[0]), int(words[1])
        return 0, 0

    def _number(self, *names: str) -> int | None:
        for name in names:
            text = self._text(name).strip()
            if text.isdecimal():
                return int(text)
        return None

    def _field(self, name: str, field: str) -> int | None:
        for line in self._text(name).splitlines():
            word, _, value = line.partition(" ")
            if word == field and value.isdecimal():
                return int(value)
        return None

    def _text(self, name: str) -> str:
        try:
            return (self.root / name).read_text("ascii", "replace")
        except OSError:
            return ""


def metrics_text(group: ControlGroup) -> str:
    """Return the limits and usage of a container in the Prometheus text format.

    Args:
        group: the control group of the container.
    """
    return "\n".join([*_lines(group), ""])


def _lines(group: ControlGroup) -> Iterator[str]:
    values = (
        ("app07_container_cpu_seconds_total", "counter", group.processor_seconds()),
        ("app07_container_cpus", "gauge", group.processors()),
        ("app07_container_memory_bytes", "gauge", group.memory_used()),
        ("app07_container_memory_limit_bytes", "gauge", group.memory_limit()),
    )
    for name, kind, value in values:
        if value is not None:
            yield f"# TYPE {name} {kind}"
            yield f"{name} {value}"
