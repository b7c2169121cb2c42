"""Rows out of a CSV file: carefully, cell by cell, or fast where all of a part is plain numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.batch import RowBatch, RowCollector, all_blank
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.decimal_marks import decimal_marks
from pybrain_runtime.tables.formats.csv_cells import CellParser, detect_delimiter, other_separator, visible
from pybrain_runtime.tables.formats.line_reader import LineChunk, LineReader
from pybrain_runtime.tables.table_file import TableFile

_WIDE = 10_000  # columns; pyarrow takes half a kilobyte for each, in each thread


class CsvReader:
    """Reads a CSV file: see ``ActivationStream`` for what it may hold.

    Attributes:
        header: the names in the first row; empty where it is data.
        columns: which columns are what.
        delimiter: what separates the cells.
        total: 0, as rows are not counted beforehand.
        fast: whether pyarrow is at work; it is not for very wide tables.

    Args:
        incoming: the file.
        choice: the network, and the columns that were chosen.
        skip: whether rows that cannot be answered are left out.
        fast: whether to read with pyarrow what it can read.

    Raises:
        ActivationError: it is no table, or its columns do not fit the network.
    """

    def __init__(
        self, incoming: TableFile, choice: ColumnSelector, *, skip: bool = False, fast: bool = False
    ) -> None:
        self.header: tuple[str, ...] = ()
        self.total = 0
        self._name = incoming.name
        self._choice = choice
        self._skip = skip
        self._parts = self._begin(LineReader(incoming.blocks(), incoming.name).batches())
        self._fast = None
        self.fast = fast and self.columns.width <= _WIDE
        if self.fast:
            from pybrain_runtime.tables.formats.csv_arrow import (
                ArrowCsvParser,
            )  # a large library, for large files

            self._fast = ArrowCsvParser(self.columns, self.delimiter)

    def parts(self) -> Iterator[LineChunk]:
        """Yields the lines of the file without its header, many at once."""
        return self._parts

    def rows(self, part: Any) -> RowBatch:
        """Returns the rows in some lines."""
        assert isinstance(part, LineChunk)
        rows = self._rows(part)
        rows.marks = decimal_marks(part, self._table, (*self.columns.inputs, *self.columns.targets))
        return rows

    def _rows(self, part: LineChunk) -> RowBatch:
        if self._fast is not None:
            numbers = self._fast.numbers(part.content)
            if numbers is not None:
                return self._apart(numbers[0], numbers[1], part)
        blank = all_blank(part, self.columns)
        if blank is not None:
            return blank
        lines = part.split()
        table = self._table.fast(lines, self.columns.width)
        if table is not None:
            inputs, targets = list(self.columns.inputs), list(self.columns.targets)
            return self._apart(table[:, inputs], table[:, targets] if targets else None, part)
        collector = RowCollector(self.columns, self._name, "line", skip=self._skip)
        for number, line in enumerate(lines, part.number):
            shown = line.decode("utf-8", "backslashreplace")
            collector.add(number, shown, lambda n=number, raw=line: self._row(n, raw))  # type: ignore[misc]
        return collector.rows()

    def _apart(self, inputs: np.ndarray, targets: np.ndarray | None, part: LineChunk) -> RowBatch:
        return RowBatch(inputs, targets, first=part.number if len(inputs) else 0)

    def _begin(self, batches: Iterator[LineChunk]) -> Iterator[LineChunk]:
        """Reads as far as it takes to know the shape of the table; returns what is left to read as data."""
        begun: list[LineChunk] = []
        lines: list[bytes] = []
        while len(lines) < 2 and (batch := next(batches, None)):
            begun.append(batch)
            lines += batch.split()
        if not any(line.strip() for line in lines):
            raise ActivationError(
                f"{self._name} is empty.", hint="Add a line of numbers for each row to answer."
            )
        self._check_first(lines[0])
        telling = lines[1] if len(lines) > 1 and lines[1].strip() else lines[0]
        self.delimiter = detect_delimiter(telling.decode("utf-8", "replace"))
        self._table = CellParser(self._name, self.delimiter)
        text = self._table.text(1, lines[0])
        if '"' not in text:
            self._choice.check_width(text.count(self.delimiter) + 1, 1)  # before there are so many objects
        first = self._table.cells(1, text)
        if self._is_header(first):
            self.header = self._table.names = tuple(first)
            begun[0] = begun[0].after(1)
        self.columns: ColumnSelection = self._columns(first, text)
        if not self.header and _counts(first):
            remark = f"line 1 ({first[0]}, {first[1]}, {first[2]}, ...) is taken as a row, not as a header"
            self.columns = self.columns.but(remark=remark)
        used = (*self.columns.inputs, *self.columns.targets)
        self._numbers_as_names = bool(self.header) and not any(
            self._table.count_values([self.header[place]])[1] for place in used
        )
        return chain(begun, batches)

    def _check_first(self, line: bytes) -> None:
        """Refuses a first line that is neither a header nor a row, whatever is chosen.

        Raises:
            ActivationError: it is blank, or Excel's note of the separator.
        """
        if not line.strip():
            raise ActivationError(
                f"{self._name} line 1 is blank; a header or a row was expected.",
                hint="Take the blank line out.",
                line=1,
            )
        if re.fullmatch(rb'"?sep=.?"?', line.strip(), re.IGNORECASE):
            raise ActivationError(
                f"{self._name} line 1 is a note for Excel ({visible(line.strip().decode('utf-8', 'replace'))}), "
                "neither a header nor a row.",
                hint="Take the line out; the separator is found without it.",
                line=1,
            )

    def _columns(self, first: list[str], text: str) -> ColumnSelection:
        """Chooses the columns; where all of a line is one cell, an error says what else may separate cells there."""
        try:
            return self._choice.of(len(first), self.header, 1)
        except ActivationError as error:
            mark = other_separator(text, self.delimiter) if len(first) == 1 else ""
            if not mark:
                raise
            hint = f"The cells of line 1 seem to be separated by {mark}. Separate all by commas, semicolons or tabs."
            raise ActivationError(error.message, hint=hint, **error.evidence) from None

    def _is_header(self, first: list[str]) -> bool:
        """Says whether the first row is the header.

        Raises:
            ActivationError: it is neither a header nor a row, and such rows are not left out.
        """
        if self._choice.needs_header(first) or self._table.is_header(first):
            return True
        error = self._table.mostly_numbers(first, 1)
        if error is None:
            self._choice.check_ambiguous(first, 1)
            return False
        if self._choice.names_header(first):
            return True
        if self._skip:
            return False
        raise error

    def _row(self, number: int, line: bytes) -> list[float] | None:
        """Returns the numbers of one line, inputs before targets, or None for a blank one."""
        text = self._table.text(number, line)
        if not text.strip():
            return None
        if '"' not in text and text.count(self.delimiter) != self.columns.width - 1:
            raise self._choice.unlike(text.count(self.delimiter) + 1, self.columns, number)
        cells = self._table.cells(number, text)
        if self.header and not self._numbers_as_names and tuple(cells) == self.header:
            raise ActivationError(
                f"{self._name} line {number} is the header a second time.",
                hint="Take it out; perhaps two files were put together.",
                line=number,
            )
        if len(cells) != self.columns.width:
            raise self._choice.unlike(len(cells), self.columns, number)
        places = (*self.columns.inputs, *self.columns.targets)
        self._table.check_thousands(cells, places, number)
        return [self._table.number(cells[place], number, place) for place in places]


def _counts(cells: list[str]) -> bool:
    """Says whether cells are whole numbers that count from 0 or 1: a table without names may be written so."""
    counted = [[str(first + place) for place in range(len(cells))] for first in (0, 1)]
    return len(cells) > 2 and cells in counted
