"""Show the progress of a run on one line of the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from common.console import columns_of
from pybrain_runtime import Progress

_INTERVAL = 0.1
_INDENT = "  "
_CLEAR = "\r\x1b[K"


class TerminalLine:
    """A line of a terminal that is redrawn in place.

    Attributes:
        is_terminal: whether the stream is a terminal; nothing is written otherwise.

    Args:
        stream: the terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self.is_terminal = stream.isatty()
        self._stream = stream
        self._visible = False

    @property
    def width(self) -> int:
        """The number of characters that fit on the line."""
        return columns_of(self._stream) - len(_INDENT) - 1

    def draw(self, text: str) -> None:
        """Replace the text of the line; what does not fit is cut off, because a second line could not be removed."""
        if self.is_terminal:
            self._visible = True
            self._stream.write(f"{_CLEAR}{_INDENT}{text[: self.width]}")
            self._stream.flush()

    def clear(self) -> None:
        """Remove the line."""
        if self._visible:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._visible = False


class ProgressLine(TerminalLine):
    """Shows rows, rows per second and the remaining time; nothing is written unless the stream is a terminal.

    Args:
        stream: the terminal.
        clock: a monotonic clock, in seconds.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(stream)
        self._clock = clock
        self._started = clock()
        self._shown = float("-inf")
        self._share_before: float | None = None

    def show(self, progress: Progress) -> None:
        """Update the line, at most every 0.1 s."""
        if self._share_before is None:  # rows of the interrupted run do not count for the speed
            self._share_before = (progress.share or 0.0) if progress.continued else 0.0
        now = self._clock()
        if not self.is_terminal or now - self._shown < _INTERVAL:
            return
        self._shown = now
        self.draw(self.text(progress, self.width))

    def text(self, progress: Progress, width: int = 80) -> str:
        """Return the line, such as ``1,200,000 rows, 900,000 rows/s, 34 %, 1:02 left``.

        Args:
            progress: the progress of the run.
            width: the number of characters that fit; with fewer, the speed is left out.
        """
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
                parts.append(f"{duration(seconds * (1 - progress.share) / done)} left")
        text = ", ".join(parts)
        return text if len(text) <= width else ", ".join([parts[0], *parts[2:]])


def duration(seconds: float) -> str:
    """Return seconds as ``1:02`` or ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
