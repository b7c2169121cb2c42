"""Numbers as they are printed: each stands for all values that would be printed alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_FIGURE = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?![\w])")
# Of the largest output two digits must be shown: 0.2 could be anything.
LEAST = 0.052


@dataclass(frozen=True)
class Figure:
    """A printed number.

    Attributes:
        value: what it reads as.
        blur: how far the number that was printed may be from it.
    """

    value: float
    blur: float

    def is_like(self, expected: float) -> bool:
        """Whether `expected` may have been printed like this."""
        return abs(self.value - expected) <= self.blur + 1e-9 * abs(expected)


def figures_in(text: str) -> list[Figure]:
    """The numbers in a text, in order."""
    return [_figure(found.group()) for found in _FIGURE.finditer(text)]


def _figure(text: str) -> Figure:
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    scale = 10.0 ** (int(exponent or 0) - decimals)
    # Half a unit of the last digit, and a little more: some programs cut where others round.
    return Figure(float(text), 0.51 * scale)


def shows(figures: Sequence[Figure], expected: Sequence[float]) -> bool:
    """Whether these numbers contain the expected ones, one after the other, with enough digits to tell."""
    largest = max((abs(value) for value in expected), default=0.0)
    count = len(expected)
    for start in range(len(figures) - count + 1):
        part = figures[start : start + count]
        alike = all(figure.is_like(value) for figure, value in zip(part, expected, strict=True))
        if alike and any(figure.blur <= LEAST * largest for figure in part):
            return True
    return False
