"""What one knowledge file may still spend: memory, steps, CPU time. One budget goes through a whole load.

The limits are explicit counts, charged before the memory is taken or the work is done. The clock is only the
last resort behind them, for machines that are slower than the counts assume.
"""

from __future__ import annotations

import time

import numpy as np

from pybrain_runtime.errors import LimitExceeded
from pybrain_runtime.limits import Limits

_CHECK_EVERY = 32
_WIDE, _WIDEST = 0xC4, 0xF0
"""UTF-8: from these bytes on, a character is beyond Latin-1, and beyond 16 bits."""


class Budget:
    """Counts down what is left for a file.

    Args:
        name: the file, for messages.
        limits: what it may spend in all.
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
        """CPU seconds until the file is refused; never negative."""
        return max(0.0, self._deadline - time.thread_time())

    def charge(self, size: int) -> None:
        """Charges bytes of memory that are about to be allocated.

        Raises:
            KnowledgeError: there is not as much left.
        """
        self._heap -= size
        if self._heap < 0:
            raise self.limit_exceeded("bytes of memory", self._limits.heap)

    def charge_text(self, data: bytes | memoryview) -> None:
        """Charges the text that UTF-8 bytes decode to: up to four bytes a character, before it is decoded."""
        self.charge(len(data) * _width(data))

    def charge_steps(self, count: int) -> None:
        """Charges steps of a loop over something that a file may let be walked many times."""
        self._steps -= count
        if self._steps < 0:
            raise self.limit_exceeded("checked items", self._limits.steps)

    def charge_part(self) -> None:
        """Charges a module or connection, and looks at the clock now and then."""
        self._parts -= 1
        if self._parts < 0:
            raise self.limit_exceeded("modules and connections", self._limits.parts)
        if self._parts % _CHECK_EVERY == 0:
            self.check_time()

    def check_time(self) -> None:
        """Raise KnowledgeError when the CPU time is spent."""
        if time.thread_time() > self._deadline:
            error = self.limit_exceeded("seconds of CPU time", self._limits.seconds)
            error.hint = (
                "If you trust the file, raise the time limit; if it is compressed, decompress it first."
            )
            raise error

    def limit_exceeded(self, what: str, limit: float) -> LimitExceeded:
        """Return an error that says which limit the file goes beyond."""
        return LimitExceeded(f"{self._name} exceeds the limit of {limit:,} {what}.", limit=limit)


def _width(data: bytes | memoryview) -> int:
    highest = int(np.frombuffer(data, np.uint8).max()) if len(data) else 0
    return 1 if highest < _WIDE else 2 if highest < _WIDEST else 4
