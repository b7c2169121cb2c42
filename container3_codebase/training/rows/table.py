"""A table with a header, whose columns hold numbers or text, read from CSV or TSV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pybrain_runtime._io.printable import enumeration, quoted
from pybrain_runtime.tables.formats.csv_cells import CellParser, detect_delimiter
from pybrain_runtime.tables.formats.line_reader import LineReader
from pybrain_runtime.tables.formats.registry import CSV, detect_format
from pybrain_runtime.tables.table_file import TableFile
from training.errors import MissingColumn, MissingHeader, MissingValue, TrainingDataError
from training.option_sources import similar

_MISSING = re.compile(r"(?i)|\?|na|n/a|#n/a|nan|null")


@dataclass(frozen=True)
class Table:
    """The rows of a file as text.

    Attributes:
        name: the file's name.
        sha256: the hash of the file.
        columns: the names in the header.
        lines: the line number of each row, counted from 1.
        cells: the cells of each row.
        parser: converts cells to numbers.
    """

    name: str
    sha256: str
    columns: tuple[str, ...]
    lines: tuple[int, ...]
    cells: tuple[tuple[str, ...], ...]
    parser: CellParser

    def __len__(self) -> int:
        return len(self.lines)

    def place(self, column: str, role: str) -> int:
        """Return the position of a column, counted from 0.

        Args:
            column: its name.
            role: what it is used as, for the message: ``target`` or ``feature``.

        Raises:
            MissingColumn: the table does not have it; the message names similar ones.
        """
        if column not in self.columns:
            raise MissingColumn(
                f"{self.name} has no column {quoted(column)}, the {role}; it has {enumeration(self.columns)}.",
                hint=similar(column, self.columns),
                column=column,
                present=self.columns,
                role=role,
            )
        return self.columns.index(column)

    def holds_text(self, column: str) -> bool:
        """Return whether most cells of a column are neither numbers nor markers of missing values."""
        values, names = self.parser.count_values([row[self.columns.index(column)] for row in self.cells])
        return names > values

    def numbers(self, columns: Sequence[str], role: str) -> NDArray[np.float64]:
        """Return columns as numbers, shape (rows, columns).

        Args:
            columns: their names.
            role: what they are used as, for messages.

        Raises:
            MissingValue: a cell is empty or marks a missing value.
            ActivationError: a cell is not a finite number; the message names line and column.
        """
        places = [self.place(column, role) for column in columns]
        plain = self._plain_numbers(places)
        if plain is not None:
            return plain
        found = np.empty((len(self), len(places)))
        for row, (line, cells) in enumerate(zip(self.lines, self.cells, strict=True)):
            self.parser.check_thousands(list(cells), places, line)
            found[row] = [self._number(cells[place], line, place) for place in places]
        return found

    def texts(self, column: str) -> list[str]:
        """Return the text of a column.

        Raises:
            MissingValue: a cell is empty or marks a missing value.
        """
        place = self.columns.index(column)
        for line, cells in zip(self.lines, self.cells, strict=True):
            self._check_present(cells[place], line, place)
        return [cells[place] for cells in self.cells]

    def _plain_numbers(self, places: Sequence[int]) -> NDArray[np.float64] | None:
        """Return columns that hold nothing but plain numbers; None where any cell needs a closer look."""
        cells = [row[place] for row in self.cells for place in places]
        joined = "".join(cells)
        if self.parser.decimal_comma or not joined.isascii() or "_" in joined:
            return None
        try:
            numbers = np.array(list(map(float, cells))).reshape(len(self), len(places))
        except ValueError:
            return None
        return numbers if np.isfinite(numbers).all() else None

    def _number(self, cell: str, line: int, place: int) -> float:
        self._check_present(cell, line, place)
        return self.parser.number(cell, line, place)

    def _check_present(self, cell: str, line: int, place: int) -> None:
        if _MISSING.fullmatch(cell):
            what = f"{quoted(cell)} marks a missing value" if cell else "the cell is empty"
            raise MissingValue(
                f"{self.name} line {line}, {self.parser.column_label(place)}: {what}.",
                hint="Fill in the value, or remove the row.",
                line=line,
                column=self.columns[place],
            )


def read_table(path: str) -> Table:
    """Read a table.

    Args:
        path: a CSV or TSV file with a header, plain or compressed with gzip.

    Raises:
        InputMissing: the file is not found, or cannot be read.
        MissingHeader: the first line is not a header.
        ActivationError: it is not a table; the message names the line.
    """
    file = TableFile(path, "training")
    try:
        if detect_format(file.start) is not CSV:
            kind = detect_format(file.start).title
            raise TrainingDataError(f"{file.name} is {kind}; training reads CSV.", hint="Convert it to CSV.")
        lines = list(chain.from_iterable(
            enumerate(chunk.split(), chunk.number) for chunk in LineReader(file.blocks(), file.name).chunks()
        ))  # fmt: skip
        return _parsed(file, lines)
    finally:
        file.close()


def _parsed(file: TableFile, lines: list[tuple[int, bytes]]) -> Table:
    filled = [(number, line) for number, line in lines if line.strip()]
    if len(filled) < 2:
        what = "has a header and no rows" if filled else "is empty"
        raise TrainingDataError(f"{file.name} {what}.", hint="Add a line for each row, below a header.")
    parser = CellParser(file.name, detect_delimiter(filled[1][1].decode("utf-8", "replace")))
    rows = [(number, parser.cells(number, parser.text(number, line))) for number, line in filled]
    header = tuple(rows[0][1])
    _check_header(file.name, parser, header)
    parser.names = header
    for number, cells in rows[1:]:
        if len(cells) != len(header):
            raise TrainingDataError(
                f"{file.name} line {number} has {len(cells)} columns; the header has {len(header)}."
            )
    return Table(
        file.name, file.file.sha256, header,
        tuple(number for number, _ in rows[1:]), tuple(tuple(cells) for _, cells in rows[1:]), parser,
    )  # fmt: skip


def _check_header(file: str, parser: CellParser, header: tuple[str, ...]) -> None:
    if not parser.count_values(list(header))[1]:
        raise MissingHeader(
            f"{file} line 1 has no names; training selects columns by the names in a header.",
            hint="Add a header with a name for each column.",
        )
    if not all(header):
        raise MissingHeader(f"{file} line 1: column {header.index('') + 1} has no name.")
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise TrainingDataError(f"{file} line 1 has two columns with the name {quoted(twice[0])}.")
    hidden = [column for column in header if not column.isprintable()]
    if hidden:
        raise TrainingDataError(f"{file} line 1: the name {quoted(hidden[0])} is not a line of text.")
