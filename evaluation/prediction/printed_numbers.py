"""Printed numbers: each represents all values that would be printed the same way."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

# A decimal point; or, in the second reading of a string, a decimal comma. Possessive quantifiers: long digit runs
# take one pass.
_EXPONENT, _AFTER = r"(?:[eE][-+]?\d++)?+", r"(?!\w)(\s?%)?"
_POINT = re.compile(rf"(?<![\w.])([-+]?(?:\d++\.\d*+|\.\d++|\d++){_EXPONENT}){_AFTER}")
_COMMA = re.compile(rf"(?<![\w.,])([-+]?(?:\d++,\d++|\d++\.\d*+|\.\d++|\d++){_EXPONENT}){_AFTER}")
_HAS_COMMA = re.compile(r"\d,\d")
# Maximum rounding of an output, relative to the largest of its row: 0.2 could be anything.
LEAST = 0.052
# Programs may compute in single precision: outputs that differ by less than this, relative to the largest, are equal.
ALIKE = 1e-6
# Maximum probability that one search matches by accident.
LOOK = 0.02
# Maximum number of windows of numbers that one search compares, whatever their precision.
WINDOWS = 20_000
# Longer numbers are ignored, because they cannot be outputs of a network.
_LONGEST = 64
# Two outputs are distinct if they differ by more than this, relative to the largest.
APART = 0.1
_MANY = 2  # outputs of one network are correlated: only two count for the probability


@dataclass(frozen=True)
class PrintedNumber:
    """A printed number.

    Attributes:
        value: its value; not finite if it cannot be an output of a network.
        rounding: the largest difference between the printed and the original number.
        percent: whether a percent sign follows, so that the number may mean a hundredth of its value.
        point: whether it has a decimal point: NumPy and `round` omit trailing zeros after it.
        position: its position in the string.
    """

    value: float
    rounding: float
    percent: bool = False
    point: bool = False
    position: int = 0

    def matches(self, expected: float, tolerance: float = 0.0, rounding: float | None = None) -> bool:
        """Return whether an expected value may have been printed as this number.

        Args:
            expected: the output of the network.
            tolerance: the allowed difference between computations.
            rounding: the rounding of its row, if smaller than its own; None to use its own.
        """
        slack = max(tolerance, 1e-9 * abs(expected))
        rounding = self.rounding if rounding is None else rounding
        if abs(self.value - expected) <= rounding + slack:
            return True
        return self.percent and abs(self.value / 100 - expected) <= rounding / 100 + slack

    @property
    def finest(self) -> float:
        """The rounding; divided by 100 for a percentage."""
        return self.rounding / 100 if self.percent else self.rounding

    def is_precise_for(self, largest: float) -> bool:
        """Return whether the number has enough digits for a row whose largest output is `largest`."""
        return math.isfinite(self.value) and self.finest <= LEAST * largest


def parse_numbers(text: str, *, comma: bool = False, limit: int = WINDOWS) -> list[PrintedNumber]:
    """Return the numbers in a string, in order.

    Args:
        text: the printed text.
        comma: whether a comma between digits is a decimal comma.
        limit: the maximum number of results.
    """
    numbers: list[PrintedNumber] = []
    for match in (_COMMA if comma else _POINT).finditer(text):
        if len(numbers) >= limit:
            break
        numbers.append(_printed_number(match.group(1), match.group(2) is not None, match.start()))
    return numbers


def has_decimal_commas(text: str) -> bool:
    """Return whether a string may contain decimal commas."""
    return _HAS_COMMA.search(text) is not None


def _printed_number(text: str, percent: bool, position: int) -> PrintedNumber:
    mantissa, _, exponent = text.lower().replace(",", ".").partition("e")
    if len(text) > _LONGEST:
        return PrintedNumber(math.inf, math.inf, percent, position=position)
    decimals = len(mantissa.partition(".")[2])
    power = int(exponent or 0) - decimals
    # A little more than half a unit in the last place, because some programs truncate.
    rounding = 0.51 * 10.0**power if abs(power) < 300 else math.inf
    return PrintedNumber(
        float(f"{mantissa}e{exponent or 0}"), rounding, percent, "." in mantissa or bool(exponent), position
    )


@dataclass
class NumberSearch:
    """One search for a row of outputs among printed numbers, with the probability of an accidental match.

    The more windows of numbers are compared, the more likely it is that one of them matches by accident. A number in
    the decade of the largest output, with a rounding r, matches by accident with probability 2 r / decade. Only the two
    most precise outputs of a row count, because the outputs of one network are not independent. The product of their
    probabilities, times the number of windows up to the match, is the probability of an accidental match (a union
    bound). It must not exceed `LOOK`.

    Attributes:
        expected: the outputs of one row.
        windows: the number of windows compared so far, including those in other output of the same run.
        chance: the probability of an accidental match, if something was found; else 1.
        flooded: whether a match did not count because of too many numbers, or there were too many to compare.
        scale: the largest output of the table that the row belongs to; 0 for a single row.
        most: the maximum probability of an accidental match.
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
        """The largest absolute output."""
        return self.scale or max((abs(value) for value in self.expected), default=0.0)

    def precise(self, numbers: Iterable[PrintedNumber]) -> list[PrintedNumber]:
        """Return the numbers that can be outputs of this row; numbers without decimals are labels, counts or years."""
        return [number for number in numbers if self.can_be(number)]

    def can_be(self, number: PrintedNumber) -> bool:
        """Return whether a number can be an output of this row: precise by itself, or with trailing zeros omitted."""
        if number.is_precise_for(self.largest):
            return True
        return number.point and (len(self.expected) > 1 or (self.scale > 0 and math.isfinite(number.value)))

    def finds(
        self, numbers: Sequence[PrintedNumber], starts: Iterable[int] | None = None, text: int = 0
    ) -> bool:
        """Return whether numbers contain the outputs, in order and without gaps.

        Args:
            numbers: sufficiently precise numbers.
            starts: positions where a row may begin; None for any. Each position is compared once.
            text: index of the string to which the positions are relative.
        """
        count, tolerance = len(self.expected), ALIKE * self.largest
        if not count:
            return False
        for start in range(len(numbers)) if starts is None else starts:
            if start + count > len(numbers) or (text, start) in self._compared:
                continue
            if self.windows >= WINDOWS:
                self.flooded = True
                return False
            self._compared.add((text, start))
            self.windows += 1
            if not self._fits(numbers, start, tolerance):
                continue
            chance = self.windows * self._accident(numbers[start : start + count])
            if chance <= self.most:
                self.chance = chance
                return True
            self.flooded = True
        return False

    def _fits(self, figures: Sequence[PrintedNumber], start: int, tolerance: float) -> bool:
        """Return whether the numbers at a position are the outputs, each with its own precision or that of its row."""
        pairs = [(start + index, value) for index, value in enumerate(self.expected)]
        if not all(figures[index].matches(value, tolerance) for index, value in pairs):
            return False
        finest = min([self._rounded, *(figures[index].finest for index, _ in pairs)])
        if finest > LEAST * self.largest:
            return False
        short = [
            (figures[index], value)
            for index, value in pairs
            if not figures[index].is_precise_for(self.largest)
        ]
        return all(number.matches(value, tolerance, finest) for number, value in short)

    @property
    def _rounded(self) -> float:
        """The rounding of a number printed to two digits of the table's largest output; infinite without a table.

        Trailing zeros that are omitted in one row of a table are visible in other rows.
        """
        return min(LEAST * self.scale, 0.0051 * self._decade) if self.scale > 0 else math.inf

    @property
    def _decade(self) -> float:
        return float(10.0 ** math.ceil(math.log10(self.largest))) if self.largest > 0 else 1.0

    def _accident(self, window: Sequence[PrintedNumber]) -> float:
        """Return the probability that one window of numbers of this precision matches by accident."""
        decade = self._decade
        probabilities = []
        for number in window:
            rounding = max(min(number.finest, self._rounded), ALIKE * self.largest)
            probabilities.append(min(1.0, 2 * rounding / 1.02 / decade) * (2 if number.percent else 1))
        chosen: list[int] = []
        for index in sorted(range(len(probabilities)), key=probabilities.__getitem__):
            if all(self._differ(index, other) for other in chosen[: _MANY - 1]):
                chosen.append(index)
        return math.prod(probabilities[index] for index in chosen[:_MANY])

    def _differ(self, first: int, second: int) -> bool:
        """Return whether two outputs are distinct: a repeated output is not further evidence."""
        return abs(self.expected[first] - self.expected[second]) > APART * self.largest


def shows(numbers: Sequence[PrintedNumber], expected: Sequence[float]) -> bool:
    """Return whether numbers contain the expected ones, in order and with enough digits.

    Args:
        numbers: the printed numbers.
        expected: the expected outputs.
    """
    search = NumberSearch(expected)
    return search.finds(search.precise(numbers))
