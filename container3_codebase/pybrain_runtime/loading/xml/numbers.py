"""Parses the numbers in an XML element in pieces, so that their whole text is never in memory."""

from __future__ import annotations

import re
from array import array

import numpy as np

_WRAPPED = re.compile(r"np\.float(?:64|32|16)\(|\)|array\(")
_CELL = 512  # characters of one number; the longest that Python writes has 24
_ENOUGH = 1 << 16


class Numbers:
    """Parses text in pieces: numbers separated by commas, in the notation of lists and arrays.

    Attributes:
        values: the numbers, float64, shape (count,); None if the text is not numeric, or is not complete yet.
        count: number of numbers, including those that are too many to be kept.

    Args:
        most: maximum number of numbers that are kept.
    """

    __slots__ = ("_converted", "_invalid", "_pending", "count", "most", "values")

    def __init__(self, most: int) -> None:
        self.most = most
        self.count = 0
        self.values: np.ndarray | None = None
        self._converted = array("d")
        self._pending = ""
        self._invalid = False

    @property
    def too_many(self) -> bool:
        """Whether there are more numbers than ``most``."""
        return self.count > self.most

    def feed(self, text: str) -> None:
        """Parse the next piece of the text."""
        if self._invalid or not text.isascii():
            self._invalid = True
            return
        self._pending += text
        if len(self._pending) < _ENOUGH:
            return
        whole, comma, rest = self._pending.rpartition(",")
        if not comma or len(rest) > _CELL:
            self._invalid = True
            return
        self._pending = rest
        self._convert(whole)

    def finish(self) -> int:
        """Parse the rest of the text, and return the number of numbers that are kept."""
        if not self._invalid:
            self._convert(self._pending, last=True)
        self._pending = ""
        if not self._invalid:
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
            # Each cell must be a number: float() does not evaluate expressions.
            self._converted.extend(map(float, () if self.too_many else cells))
        except ValueError:
            self._invalid = True
        self._invalid |= self.too_many
