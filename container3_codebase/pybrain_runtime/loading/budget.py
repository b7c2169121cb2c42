"""The remaining memory, steps and CPU time for reading one knowledge file.

Most limits are counts, which are charged before memory is allocated or work is done. The limit on CPU time is the last
resort, for slow machines.
"""

from __future__ import annotations

import time

import numpy as np

from pybrain_runtime.errors import LimitExceeded
from pybrain_runtime.limits import Limits

_CHECK_EVERY = 32
_TWO_BYTES, _FOUR_BYTES = 0xC4, 0xF0
"""The smallest UTF-8 lead bytes of characters beyond Latin-1, and of characters beyond 16 bits."""


class Budget:
    """What is left of the limits for one file.

    Args:
        name: the name of the file, for messages.
        limits: the limits.
    """

    __slots__ = ("_deadline", "_heap", "_limits", "_name", "_parts", "_steps")

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._heap = limits.heap
        self._steps = limits.steps
        self._parts = limits.parts
        self._deadline = time.thread_time() + limits.seconds

    @property
    def seconds_left(self) -> float:
        """Remaining CPU time in seconds; never negative."""
        return max(0.0, self._deadline - time.thread_time())

    def charge(self, size: int) -> None:
        """Charge bytes of memory that are about to be allocated.

        Raises:
            LimitExceeded: fewer bytes than ``size`` are left.
        """
        self._heap -= size
        if self._heap < 0:
            raise self.limit_exceeded("bytes of memory", self._limits.heap)

    def charge_text(self, data: bytes | memoryview) -> None:
        """Charge the memory of text before it is decoded from UTF-8: up to four bytes per character."""
        self.charge(len(data) * _bytes_per_character(data))

    def charge_steps(self, count: int) -> None:
        """Charge the steps of a loop over a list that a file may refer to many times."""
        self._steps -= count
        if self._steps < 0:
            raise self.limit_exceeded("checked items", self._limits.steps)

    def charge_part(self) -> None:
        """Charge a module or connection, and check the time at intervals."""
        self._parts -= 1
        if self._parts < 0:
            raise self.limit_exceeded("modules and connections", self._limits.parts)
        if self._parts % _CHECK_EVERY == 0:
            self.check_time()

    def check_time(self) -> None:
        """Check that CPU time is left.

        Raises:
            LimitExceeded: no CPU time is left.
        """
        if time.thread_time() > self._deadline:
            error = self.limit_exceeded("seconds of CPU time", self._limits.seconds)
            error.hint = (
                "If you trust the file, raise the time limit; if it is compressed, decompress it first."
            )
            raise error

    def limit_exceeded(self, what: str, limit: float) -> LimitExceeded:
        """Return the error for a limit.

        Args:
            what: the unit of the limit, in the plural.
            limit: the limit.
        """
        return LimitExceeded(f"{self._name} exceeds the limit of {limit:,} {what}.", limit=limit)


def _bytes_per_character(data: bytes | memoryview) -> int:
    highest = int(np.frombuffer(data, np.uint8).max()) if len(data) else 0
    return 1 if highest < _TWO_BYTES else 2 if highest < _FOUR_BYTES else 4
