"""The numbers in an element of XML, converted while they come, so that their text is never there as a whole."""

from __future__ import annotations

import re
from array import array

import numpy as np

_WRAPPED = re.compile(r"np\.float(?:64|32|16)\(|\)|array\(")
_CELL = 512  # characters of one number; the longest that Python writes has 24
_ENOUGH = 1 << 16


class Numbers:
    """Takes text in pieces: numbers between commas, in the notation of lists and arrays.

    Attributes:
        values: the numbers, float64; None where the text is something else, or nothing has been finished.
        count: how many numbers there are, also where they are too many to be kept.

    Args:
        most: how many are kept.
    """

    __slots__ = ("_converted", "_pending", "_wrong", "count", "most", "values")

    def __init__(self, most: int) -> None:
        self.most = most
        self.count = 0
        self.values: np.ndarray | None = None
        self._converted = array("d")
        self._pending = ""
        self._wrong = False

    @property
    def too_many(self) -> bool:
        """Whether there are more than are kept."""
        return self.count > self.most

    def feed(self, text: str) -> None:
        """Take the next piece."""
        if self._wrong or not text.isascii():
            self._wrong = True
            return
        self._pending += text
        if len(self._pending) < _ENOUGH:
            return
        whole, comma, rest = self._pending.rpartition(",")
        if not comma or len(rest) > _CELL:
            self._wrong = True
            return
        self._pending = rest
        self._convert(whole)

    def finish(self) -> int:
        """Take the text as complete; returns how many numbers there are."""
        if not self._wrong:
            self._convert(self._pending, last=True)
        self._pending = ""
        if not self._wrong:
            self.values = np.frombuffer(self._converted) if self._converted else np.zeros(0)
        return min(self.count, self.most)

    def _convert(self, text: str, *, last: bool = False) -> None:
        text = _WRAPPED.sub("", text)
        if not self.count:
            text = text.lstrip().lstrip("[]").lstrip()
        if last:
            text = text.rstrip().rstrip("[]").rstrip()
            if not text and not self.count:
                return
        cells = text.split(",")
        self.count += len(cells)
        try:
            # Each cell must be a number by itself: float() takes no expression.
            self._converted.extend(map(float, () if self.too_many else cells))
        except ValueError:
            self._wrong = True
        self._wrong |= self.too_many
