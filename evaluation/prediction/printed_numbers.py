"""Numbers as they are printed: each stands for all values that would be printed alike."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

# A point for the decimals; or, in the second reading of a text, a comma. Long runs of digits are read in one pass.
_EXPONENT, _AFTER = r"(?:[eE][-+]?\d++)?+", r"(?!\w)(\s?%)?"
_POINT = re.compile(rf"(?<![\w.])([-+]?(?:\d++\.\d*+|\.\d++|\d++){_EXPONENT}){_AFTER}")
_COMMA = re.compile(rf"(?<![\w.,])([-+]?(?:\d++,\d++|\d++\.\d*+|\.\d++|\d++){_EXPONENT}){_AFTER}")
_HAS_COMMA = re.compile(r"\d,\d")
# Each output must be shown so precisely, relative to the largest of its row: 0.2 could be anything.
LEAST = 0.052
# Programs compute in single precision, too: answers that agree so well, relative to the largest, are the same.
ALIKE = 1e-6
# The chance that one look finds figures which are there by accident must be below this.
LOOK = 0.02
# At most so many windows of figures are compared in one look, whatever their precision.
WINDOWS = 20_000
# Longer numbers are no output of a network; they are read as none.
_LONGEST = 64
# Two outputs are no repetition of one another where they differ by more, relative to the largest.
APART = 0.1
_MANY = 2  # outputs of one network depend on one another: no more than two count for the chance


@dataclass(frozen=True)
class Figure:
    """A printed number.

    Attributes:
        value: what it reads as; not finite where it is none that a network could have answered.
        blur: how far the number that was printed may be from it.
        percent: whether a percent sign follows: it may then stand for a hundredth.
        point: whether it is written with a point: NumPy and `round` leave out zeros behind it.
        place: where it begins in its text.
    """

    value: float
    blur: float
    percent: bool = False
    point: bool = False
    place: int = 0

    def is_like(self, expected: float, tolerance: float = 0.0, blur: float | None = None) -> bool:
        """Whether `expected` may have been printed like this, within a tolerance of the computation.

        Args:
            expected: what the network answers.
            tolerance: how far computations may be apart.
            blur: the blur of the row that it stands in, where that is less than its own.
        """
        slack = max(tolerance, 1e-9 * abs(expected))
        blur = self.blur if blur is None else blur
        if abs(self.value - expected) <= blur + slack:
            return True
        return self.percent and abs(self.value / 100 - expected) <= blur / 100 + slack

    @property
    def finest(self) -> float:
        """The blur, of the hundredth where it may stand for one."""
        return self.blur / 100 if self.percent else self.blur

    def tells(self, largest: float) -> bool:
        """Whether it has enough digits to be told from others, in a row whose largest output is `largest`."""
        return math.isfinite(self.value) and self.finest <= LEAST * largest


def figures_in(text: str, *, comma: bool = False, most: int = WINDOWS) -> list[Figure]:
    """The numbers in a text, in order.

    Args:
        text: what was printed.
        comma: whether a comma between digits begins the decimals.
        most: how many at most.
    """
    found: list[Figure] = []
    for one in (_COMMA if comma else _POINT).finditer(text):
        if len(found) >= most:
            break
        found.append(_figure(one.group(1), one.group(2) is not None, one.start()))
    return found


def has_decimal_commas(text: str) -> bool:
    """Whether commas in a text may stand for decimal points."""
    return _HAS_COMMA.search(text) is not None


def _figure(text: str, percent: bool, place: int) -> Figure:
    mantissa, _, exponent = text.lower().replace(",", ".").partition("e")
    if len(text) > _LONGEST:
        return Figure(math.inf, math.inf, percent, place=place)
    decimals = len(mantissa.partition(".")[2])
    power = int(exponent or 0) - decimals
    # Half a unit of the last digit, and a little more: some programs cut where others round.
    blur = 0.51 * 10.0**power if abs(power) < 300 else math.inf
    return Figure(
        float(f"{mantissa}e{exponent or 0}"), blur, percent, "." in mantissa or bool(exponent), place
    )


@dataclass
class Look:
    """One search for a row of outputs among printed figures, which knows how likely an accident is.

    The more windows of figures are compared, the more likely one of them fits by accident. A figure with as many
    decades before the point as the largest output, and a blur b, fits by accident with 2 b / decade; the two most
    precise outputs of a row count, because the outputs of one network are not independent. That, times the number
    of windows that were compared up to the one that fits, is the chance of an accident. It must not exceed `LOOK`.

    Attributes:
        expected: the outputs of one row.
        windows: how many windows were compared so far, those in other texts of the same run among them.
        chance: of an accident, where something was found; else 1.
        flooded: whether something fitted among too many figures to mean anything, or too many were there.
        scale: the largest output of the table that the row is one of; 0 where it stands alone.
        most: what the chance of an accident must not exceed.
    """

    expected: Sequence[float]
    windows: int = 0
    chance: float = 1.0
    flooded: bool = False
    scale: float = 0.0
    most: float = LOOK
    _compared: set[tuple[int, int]] = field(default_factory=set)

    @property
    def largest(self) -> float:
        return self.scale or max((abs(value) for value in self.expected), default=0.0)

    def precise(self, figures: Iterable[Figure]) -> list[Figure]:
        """The figures that can be outputs of this row; labels, counts and years have nothing behind a point."""
        return [figure for figure in figures if self.can_be(figure)]

    def can_be(self, figure: Figure) -> bool:
        """Whether a figure can be an output of this row: precise by itself, or with zeros left out behind a point."""
        if figure.tells(self.largest):
            return True
        return figure.point and (len(self.expected) > 1 or (self.scale > 0 and math.isfinite(figure.value)))

    def finds(self, figures: Sequence[Figure], starts: Iterable[int] | None = None, text: int = 0) -> bool:
        """Whether precise figures contain the outputs, one after the other.

        Args:
            figures: precise figures.
            starts: where a row may begin; None for anywhere. A place is compared once.
            text: which text they are of: places are counted by text.
        """
        count, tolerance = len(self.expected), ALIKE * self.largest
        if not count:
            return False
        for start in range(len(figures)) if starts is None else starts:
            if start + count > len(figures) or (text, start) in self._compared:
                continue
            if self.windows >= WINDOWS:
                self.flooded = True
                return False
            self._compared.add((text, start))
            self.windows += 1
            if not self._fits(figures, start, tolerance):
                continue
            chance = self.windows * self._accident(figures[start : start + count])
            if chance <= self.most:
                self.chance = chance
                return True
            self.flooded = True
        return False

    def _fits(self, figures: Sequence[Figure], start: int, tolerance: float) -> bool:
        """Whether the figures from a place on are the outputs, each of them precise or as precise as its row."""
        pairs = [(start + at, value) for at, value in enumerate(self.expected)]
        if not all(figures[at].is_like(value, tolerance) for at, value in pairs):
            return False
        finest = min([self._rounded, *(figures[at].finest for at, _ in pairs)])
        if finest > LEAST * self.largest:
            return False
        short = [(figures[at], value) for at, value in pairs if not figures[at].tells(self.largest)]
        return all(figure.is_like(value, tolerance, finest) for figure, value in short)

    @property
    def _rounded(self) -> float:
        """The blur of a figure that is rounded to two digits of the table's largest output; endless where none is.

        Zeros that were left out of one row of a table show in the other rows.
        """
        return min(LEAST * self.scale, 0.0051 * self._decade) if self.scale > 0 else math.inf

    @property
    def _decade(self) -> float:
        return float(10.0 ** math.ceil(math.log10(self.largest))) if self.largest > 0 else 1.0

    def _accident(self, part: Sequence[Figure]) -> float:
        """The chance that one window of such figures fits by accident."""
        decade = self._decade
        single = []
        for figure in part:
            blur = max(min(figure.finest, self._rounded), ALIKE * self.largest)
            single.append(min(1.0, 2 * blur / 1.02 / decade) * (2 if figure.percent else 1))
        chosen: list[int] = []
        for place in sorted(range(len(single)), key=single.__getitem__):
            if all(self._differ(place, other) for other in chosen[: _MANY - 1]):
                chosen.append(place)
        return math.prod(single[place] for place in chosen[:_MANY])

    def _differ(self, one: int, other: int) -> bool:
        """Whether two outputs are clearly not the same: one that is the same again is no further evidence."""
        return abs(self.expected[one] - self.expected[other]) > APART * self.largest


def shows(figures: Sequence[Figure], expected: Sequence[float]) -> bool:
    """Whether these numbers contain the expected ones, one after the other, with enough digits to tell each."""
    look = Look(expected)
    return look.finds(look.precise(figures))
