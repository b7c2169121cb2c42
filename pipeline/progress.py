"""How far a long run has come, on one line of a terminal that is written over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from pybrain_runtime import Progress

EVERY = 0.1
_CLEAR = "\r\x1b[K"


class ProgressLine:
    """Shows rows, rows per second and the time left; says nothing where nobody watches.

    Args:
        stream: where to; only a terminal is written to.
        clock: seconds that only grow.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._watched = stream.isatty()
        self._started = clock()
        self._shown = float("-inf")
        self._share_before: float | None = None
        self._there = False

    def show(self, progress: Progress) -> None:
        """Writes the line anew, some times a second."""
        if self._share_before is None:  # what an earlier run has done is not this one's speed
            self._share_before = (progress.share or 0.0) if progress.continued else 0.0
        now = self._clock()
        if not self._watched or now - self._shown < EVERY:
            return
        self._shown = now
        self._there = True
        self._stream.write(f"{_CLEAR}  {self.text(progress)}")
        self._stream.flush()

    def clear(self) -> None:
        """Takes the line away."""
        if self._there:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._there = False

    def text(self, progress: Progress) -> str:
        """Returns ``1,200,000 rows, 900,000 rows/s, 34 %, 1:02 left``."""
        seconds = max(1e-9, self._clock() - self._started)
        parts = [
            f"{progress.rows:,} rows",
            f"{(progress.rows - progress.continued) / seconds:,.0f} rows/s",
        ]
        if progress.rejected:
            parts.append(f"{progress.rejected:,} rejected")
        if progress.share is not None:
            parts.append(f"{progress.share * 100:.0f} %")
            done = progress.share - (self._share_before or 0.0)
            if done > 0:
                parts.append(f"{_duration(seconds * (1 - progress.share) / done)} left")
        return ", ".join(parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
