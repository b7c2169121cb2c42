"""Check quantities: CPU cores, memory and durations."""

from __future__ import annotations

import math
import re

from pipeline.compose.findings import Findings, shown

_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_MEMORY = re.compile(r"(?P<number>[0-9]{1,15}(?:\.[0-9]{1,3})?)\s?(?P<unit>[kmgt]?)i?b?", re.IGNORECASE)
_DURATION = re.compile(
    r"(?:(?P<h>[0-9]{1,5})h)?(?:(?P<m>[0-9]{1,6})m)?(?:(?P<s>[0-9]{1,8}(?:\.[0-9]{1,3})?)s?)?"
)
_FACTORS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
MOST_CPUS = 1024
LEAST_MEMORY, MOST_MEMORY = 6 << 20, 64 << 40
MOST_SECONDS = 30 * 86_400


def checked_cpus(value: str | int | float, path: str, findings: Findings) -> float | None:
    """Return a number of CPU cores, or report why it is refused.

    Args:
        value: the number of cores, such as ``0.5``.
        path: its path in the request.
        findings: collects problems.
    """
    number = _number(value)
    if number is None or not 0.01 <= number <= MOST_CPUS:
        findings.refuse(
            path, f"{shown(str(value))} is not a number of cores from 0.01 to {MOST_CPUS}", 'Write "2.0".'
        )
        return None
    return round(number, 3)


def checked_memory(value: str | int | float, path: str, findings: Findings) -> int | None:
    """Return an amount of memory in bytes, or report why it is refused.

    Args:
        value: the bytes, or a string with a unit such as ``512M``.
        path: its path in the request.
        findings: collects problems.
    """
    match = _MEMORY.fullmatch(str(value)) if not isinstance(value, bool) else None
    size = 0
    if match is not None:
        size = int(float(match["number"]) * 1024 ** _FACTORS[match["unit"].lower()])
    if not LEAST_MEMORY <= size <= MOST_MEMORY:
        findings.refuse(
            path, f"{shown(str(value))} is not an amount of memory from 6M to 64T", "Write 512M or 2G."
        )
        return None
    return size


def checked_seconds(
    value: str | int | float, path: str, findings: Findings, *, least: float = 1
) -> float | None:
    """Return a duration in seconds, or report why it is refused.

    Args:
        value: the seconds, or a string such as ``1m30s``.
        path: its path in the request.
        findings: collects problems.
        least: the minimum duration in seconds.
    """
    number = _number(value)
    if number is None and isinstance(value, str):
        match = _DURATION.fullmatch(value)
        if value.endswith("ms") and _NUMBER.fullmatch(value[:-2]):
            number = float(value[:-2]) / 1000
        elif match is not None and any(match.groups()):
            number = int(match["h"] or 0) * 3600 + int(match["m"] or 0) * 60 + float(match["s"] or 0)
    if number is None or not least <= number <= MOST_SECONDS:
        findings.refuse(
            path,
            f"{shown(str(value))} is not a duration from {least:g} s to 30 days",
            "Write the seconds, or a duration such as 1m30s.",
        )
        return None
    return number


def _number(value: str | int | float) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    return float(value) if _NUMBER.fullmatch(value) else None
