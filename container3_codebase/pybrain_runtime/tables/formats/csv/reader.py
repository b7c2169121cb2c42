"""Reads rows from CSV: in bulk if a chunk holds only plain numbers, else cell by cell with exact errors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.printable import quoted
from pybrain_runtime.tables.batch import RowBatch
from pybrain_runtime.tables.class_labels import ClassLabels
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.formats.csv.cells import (
    DELIMITERS,
    CellParser,
    detect_delimiter,
    noted_delimiter,
    other_separator,
)
from pybrain_runtime.tables.formats.interface import TableContent
from pybrain_runtime.tables.formats.line_reader import LineChunk, LineReader
from pybrain_runtime.tables.formats.row_collector import RowCollector, blank_batch
from pybrain_runtime.tables.text_column import TextColumn

_FIRST_LINES = 3  # perhaps a line that names the delimiter, the header, and a row
_WIDE = 10_000  # columns; pyarrow takes half a kilobyte per column and thread


class CsvReader:
    """Reads a CSV file with commas, semicolons or tabs as delimiters.

    Attributes:
        header: the names in the first row; empty if it is data.
        columns: the selected columns.
        delimiter: the character between cells.
        total: 0: the length is unknown before the end.
        fast: whether pyarrow is used; it is not used for very wide tables.

    Args:
        file: the file.
        selector: selects the columns.
        skip: whether invalid rows are rejected instead of raising an error.
        fast: whether to parse with pyarrow where possible.

    Raises:
        ActivationError: the file is not a table, or its columns do not fit the network.
    """

    def __init__(
        self, file: TableContent, selector: ColumnSelector, *, skip: bool = False, fast: bool = False
    ) -> None:
        self.header: tuple[str, ...] = ()
        self.total = 0
        self._name = file.name
        self._selector = selector
        self._skip = skip
        self._chunks = self._begin(LineReader(file.blocks(), file.name).chunks())
        self._arrow = None
        # pyarrow reads a column once: as numbers, or as text.
        used = {*self.columns.inputs, *self.columns.targets}
        self.fast = fast and self.columns.width <= _WIDE and used.isdisjoint(self.columns.texts)
        if self.fast:
            from pybrain_runtime.tables.formats.csv.arrow_parser import (
                ArrowCsvParser,
            )  # a large library, for large files

            self._arrow = ArrowCsvParser(self.columns, self.delimiter)

    def chunks(self) -> Iterator[LineChunk]:
        """Yield the lines of the file without its header, in chunks."""
        return self._chunks

    def parse(self, chunk: Any) -> RowBatch:
        """Return the rows of a chunk."""
        assert isinstance(chunk, LineChunk)
        batch = self._parse(chunk)
        if self._cells.decimal_comma:
            from pybrain_runtime.tables.formats.csv.decimal_marks import find_decimal_marks

            batch.marks = find_decimal_marks(
                chunk, self._cells, (*self.columns.inputs, *self.columns.targets)
            )
        return batch

    def _parse(self, chunk: LineChunk) -> RowBatch:
        if self._arrow is not None:
            numbers = self._arrow.parse(chunk.content)
            if numbers is not None:
                batch = self._plain_batch(numbers[0], numbers[1], chunk)
                if self._take_texts(batch, numbers[2]):
                    return batch
        blank = blank_batch(chunk, self.columns)
        if blank is not None:
            return blank
        lines = chunk.split()
        # Strings are taken from the cells unchanged.
        table = None if self.columns.texts else self._cells.parse_plain(lines, self.columns.width)
        if table is not None:
            inputs, targets = list(self.columns.inputs), list(self.columns.targets)
            return self._plain_batch(table[:, inputs], table[:, targets] if targets else None, chunk)
        collector = RowCollector(self.columns, self._name, skip=self._skip)
        for number, line in enumerate(lines, chunk.number):
            text = line.decode("utf-8", "backslashreplace")
            collector.add(number, text, lambda n=number, raw=line: self._row(n, raw))  # type: ignore[misc]
        return collector.batch()

    def _plain_batch(self, inputs: np.ndarray, targets: np.ndarray | None, chunk: LineChunk) -> RowBatch:
        return RowBatch(inputs, targets, first=chunk.number if len(inputs) else 0)

    def _begin(self, chunks: Iterator[LineChunk]) -> Iterator[LineChunk]:
        """Detect delimiter, header and columns from the first lines; return the chunks of data."""
        begun: list[LineChunk] = []
        lines: list[bytes] = []
        while len(lines) < _FIRST_LINES and (chunk := next(chunks, None)):
            begun.append(chunk)
            lines += chunk.split()
        if not any(line.strip() for line in lines):
            raise ActivationError(f"{self._name} is empty.", hint="Add a line of numbers for each row.")
        start, noted = self._start(lines)
        sample = lines[start + 1] if len(lines) > start + 1 and lines[start + 1].strip() else lines[start]
        self.delimiter = noted or detect_delimiter(sample.decode("utf-8", "replace"))
        self._cells = CellParser(self._name, self.delimiter)
        number = start + 1
        text = self._cells.text(number, lines[start])
        if '"' not in text:
            self._selector.check_width(
                text.count(self.delimiter) + 1, number
            )  # before creating so many objects
        first = self._cells.cells(number, text)
        if self._is_header(first, number):
            self.header = self._cells.names = tuple(first)
        self.columns: ColumnSelection = self._columns(first, text, number)
        self._labels = ClassLabels(self._name, "line", self._selector.schema)
        if not self.header and _is_enumeration(first):
            remark = (
                f"line {number} ({first[0]}, {first[1]}, {first[2]}, ...) is taken as a row, not as a header"
            )
            self.columns = self.columns.replace(remark=remark)
        used = (*self.columns.inputs, *self.columns.targets)
        self._numbers_as_names = bool(self.header) and not any(
            self._cells.count_values([self.header[place]])[1] for place in used
        )
        return chain(_without_first(begun, start + bool(self.header)), chunks)

    def _start(self, lines: list[bytes]) -> tuple[int, str]:
        """Return the index of the first line that is a header or a row, and the delimiter that a line before it names.

        Excel reads and writes such a line, ``sep=;``.

        Raises:
            ActivationError: a line is blank, or names a delimiter that is not supported.
        """
        noted = noted_delimiter(lines[0])
        start = 0 if noted is None else 1
        if noted is not None and noted not in DELIMITERS:
            raise ActivationError(
                f"{self._name} line 1 names the delimiter {quoted(noted)}; expected a comma, a semicolon or a tab.",
                hint="Separate the cells by one of these, and correct or remove the line.",
                line=1,
            )
        if len(lines) <= start:
            raise ActivationError(
                f"{self._name} has no rows after its line sep={noted}.",
                hint="Add a line of numbers for each row.",
            )
        if not lines[start].strip():
            raise ActivationError(
                f"{self._name} line {start + 1} is blank; expected a header or a row.",
                hint="Remove the blank line.",
                line=start + 1,
            )
        return start, noted or ""

    def _columns(self, first: list[str], text: str, line: int) -> ColumnSelection:
        """Return the selected columns; an error for a single-column table mentions other separators in the line."""
        try:
            return self._selector.select(len(first), self.header, line)
        except ActivationError as error:
            mark = other_separator(text, self.delimiter) if len(first) == 1 else ""
            if not mark:
                raise
            hint = f"The cells of line {line} seem to be separated by {mark}. {_other_delimiter(mark)}"
            raise ActivationError(error.message, hint=hint, line=error.line) from None

    def _is_header(self, first: list[str], line: int) -> bool:
        """Return whether the first row is the header.

        Raises:
            ActivationError: the line is neither a header nor a row, and invalid rows are not skipped.
        """
        if self._selector.needs_header(first) or self._cells.is_header(first):
            return True
        error = self._cells.mixed_first_row(first, line)
        if error is None:
            self._selector.check_ambiguous(first, line)
            return False
        if self._selector.names_header(first):
            return True
        if self._skip:
            return False
        raise error

    def _take_texts(self, batch: RowBatch, texts: list[list[str]]) -> bool:
        """Add text columns to a batch, and return whether all classes are known."""
        if self.columns.label is not None:
            found = list(map(self._labels.places.get, texts.pop(0)))
            if None in found:
                return False
            batch.labels = np.array(found, dtype=np.intp)
        batch.kept = [TextColumn(column) for column in texts]
        return True

    def _row(self, number: int, line: bytes) -> tuple[list[float], list[str]] | None:
        """Return the numbers of a line, inputs before targets, and its strings; None for a blank line."""
        text = self._cells.text(number, line)
        if not text.strip():
            return None
        if '"' not in text and text.count(self.delimiter) != self.columns.width - 1:
            raise self._selector.width_error(text.count(self.delimiter) + 1, self.columns, number)
        cells = self._cells.cells(number, text)
        if self.header and not self._numbers_as_names and tuple(cells) == self.header:
            raise ActivationError(
                f"{self._name} line {number} repeats the header.",
                hint="Remove the line; perhaps two files were concatenated.",
                line=number,
            )
        if len(cells) != self.columns.width:
            raise self._selector.width_error(len(cells), self.columns, number)
        places = (*self.columns.inputs, *self.columns.targets)
        self._cells.check_thousands(cells, places, number)
        numbers = [self._cells.number(cells[place], number, place) for place in places]
        label = self.columns.label
        if label is not None:
            numbers.append(self._labels.place(cells[label], number, label, self.header[label]))
        return numbers, [cells[place] for place in self.columns.keep]


def _without_first(chunks: list[LineChunk], lines: int) -> list[LineChunk]:
    """Return the first chunks of a file without its first lines."""
    left = list(chunks)
    while lines:
        count = len(left[0].split())
        left[0] = left[0].after(min(lines, count))
        lines -= min(lines, count)
        if count and not left[0].content and lines:
            left.pop(0)
    return left


def _other_delimiter(mark: str) -> str:
    """Return the hint for a table whose cells are separated by a character that is not supported."""
    if mark == "spaces":
        return "Separate them by commas, semicolons or tabs; NumPy: np.savetxt(file, rows, delimiter=',')."
    return "Separate all cells by commas, semicolons or tabs."


def _is_enumeration(cells: list[str]) -> bool:
    """Return whether cells are 0, 1, 2, ... or 1, 2, 3, ...: tables without names may be written with such a header."""
    counted = [[str(first + place) for place in range(len(cells))] for first in (0, 1)]
    return len(cells) > 2 and cells in counted
