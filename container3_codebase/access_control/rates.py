"""Rates such as ``100/min``."""

from __future__ import annotations

import re
from typing import NamedTuple

_RATE = re.compile(r"([1-9][0-9]{0,6})/(s|min|h|day)")
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}


class Rate(NamedTuple):
    """A number of requests per period.

    Attributes:
        requests: the number of requests per period, which is also the largest burst.
        unit: the period: ``s``, ``min``, ``h`` or ``day``.
    """

    requests: int
    unit: str

    @property
    def seconds(self) -> float:
        """The length of the period in seconds."""
        return _SECONDS[self.unit]

    def __str__(self) -> str:
        return f"{self.requests}/{self.unit}"


def parse_rate(text: str) -> Rate:
    """Parse a rate such as ``100/min``.

    Raises:
        ValueError: the string is not a rate; the message shows what is expected.
    """
    match = _RATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!a} is not a rate; expected a number and a period, such as 100/min")
    return Rate(int(match[1]), match[2])
