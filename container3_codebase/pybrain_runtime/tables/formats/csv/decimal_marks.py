"""Finds decimal commas and numbers with possible thousands separators in lines of CSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.printable import quoted
from pybrain_runtime.tables.decimal_marks import DecimalMarks
from pybrain_runtime.tables.formats.csv.cells import THOUSANDS, CellParser
from pybrain_runtime.tables.formats.line_reader import LineChunk

_LIKE_THOUSANDS = rb"(?<![\d.])[1-9]\d{0,2}(?:\.\d{3})+(?![\d.])"


def find_decimal_marks(chunk: LineChunk, parser: CellParser, columns: Sequence[int]) -> DecimalMarks:
    """Return the first decimal comma and the first possible thousands separator in some lines.

    Args:
        chunk: the lines.
        parser: splits the lines into cells.
        columns: the used columns, counted from 0.
    """
    like = re.compile(_LIKE_THOUSANDS)
    comma = thousands = 0
    cell = ""
    if b"," in chunk.content:
        comma, _, _ = _first(chunk, parser, columns, lambda line: b"," in line, lambda text: "," in text)
    if like.search(chunk.content):
        exact = re.compile(THOUSANDS)
        thousands, column, text = _first(
            chunk, parser, columns, lambda line: like.search(line), lambda text: exact.fullmatch(text)
        )
        cell = f"{parser.column_label(column)}: {quoted(text)}" if thousands else ""
    return DecimalMarks(comma, thousands, cell)


def _first(
    chunk: LineChunk,
    parser: CellParser,
    columns: Iterable[int],
    may_match: Callable[[bytes], object],
    matches: Callable[[str], object],
) -> tuple[int, int, str]:
    """Return line, column and text of the first matching cell; zeros if there is none.

    Only lines for which ``may_match`` is true are split into cells.
    """
    for number, line in enumerate(chunk.split(), chunk.number):
        if not may_match(line):
            continue
        try:
            cells = parser.cells(number, line.decode("utf-8", "replace"))
        except ActivationError:  # the reader reports the row, or rejects it
            continue
        for column in columns:
            if column < len(cells) and matches(cells[column]):
                return number, column, cells[column]
    return 0, 0, ""
