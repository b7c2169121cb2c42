"""Decimal commas and thousands of a file: ``1.234`` in one row means another number where other rows have ``0,5``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.formats.csv_cells import THOUSANDS, CellParser, visible
from pybrain_runtime.tables.formats.line_reader import LineChunk

_LIKE_THOUSANDS = rb"(?<![\d.])[1-9]\d{0,2}(?:\.\d{3})+(?![\d.])"


class DecimalMarks:
    """Where the first decimal comma is, and the first number that may have thousands marks.

    Attributes:
        comma: the line of the first decimal comma in a column that is used; 0 where there is none.
        thousands: the line of the first cell such as ``1.234`` in a column that is used; 0 where there is none.
        cell: that cell and its column, in words.
    """

    __slots__ = ("cell", "comma", "thousands")

    def __init__(self, comma: int = 0, thousands: int = 0, cell: str = "") -> None:
        self.comma = comma
        self.thousands = thousands
        self.cell = cell

    @property
    def state(self) -> tuple[int, int, str]:
        """The same, to go on with elsewhere."""
        return self.comma, self.thousands, self.cell

    def add(self, later: DecimalMarks, file: str) -> None:
        """Takes what a later part of the file has.

        Raises:
            ActivationError: there are both; nobody knows what the number means.
        """
        self.comma = self.comma or later.comma
        if not self.thousands:
            self.thousands, self.cell = later.thousands, later.cell
        if self.comma and self.thousands:
            raise ActivationError(
                f"{file} line {self.thousands}, {self.cell} may be thousands or a decimal point, as line {self.comma} "
                "has decimal commas.",
                hint="Write all numbers with a decimal comma, without thousands marks.",
                line=self.thousands,
            )


def decimal_marks(part: LineChunk, table: CellParser, places: Sequence[int]) -> DecimalMarks | None:
    """Looks for both in some lines; None where the file has no decimal commas.

    Args:
        part: the lines.
        table: how they are read.
        places: the columns that are used.
    """
    if not table.decimal_comma:
        return None
    like = re.compile(_LIKE_THOUSANDS)
    comma = thousands = 0
    cell = ""
    if b"," in part.content:
        comma, _, _ = _first(part, table, places, lambda line: b"," in line, lambda text: "," in text)
    if like.search(part.content):
        exact = re.compile(THOUSANDS)
        thousands, column, text = _first(
            part, table, places, lambda line: like.search(line), lambda text: exact.fullmatch(text)
        )
        cell = f"{table.where(column)}: {visible(text)}" if thousands else ""
    return DecimalMarks(comma, thousands, cell)


def _first(
    part: LineChunk,
    table: CellParser,
    places: Iterable[int],
    may: Callable[[bytes], object],
    does: Callable[[str], object],
) -> tuple[int, int, str]:
    """Returns line, column and text of the first cell that does; 0 where none does. Only lines that may are cut."""
    for number, line in enumerate(part.split(), part.number):
        if not may(line):
            continue
        try:
            cells = table.cells(number, line.decode("utf-8", "replace"))
        except ActivationError:  # the row is refused, or left out
            continue
        for place in places:
            if place < len(cells) and does(cells[place]):
                return number, place, cells[place]
    return 0, 0, ""
