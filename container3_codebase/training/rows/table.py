"""A table with a header, whose columns hold numbers or text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pybrain_runtime.io.printable import enumeration, quoted
from pybrain_runtime.tables.formats.csv.cells import CellParser
from training.errors import MissingColumn, MissingValue, TrainingDataError
from training.option_sources import similar

_MISSING = re.compile(r"(?i)|\?|na|n/a|#n/a|nan|null")


@dataclass(frozen=True)
class Table:
    """The rows of a file as strings.

    Attributes:
        name: the name of the file.
        sha256: the SHA-256 of the file.
        columns: the names in the header.
        lines: the line number of each row, counted from 1.
        cells: the cells of each row.
        parser: converts cells to numbers.
        kinds: for columns with a type in the file, whether they hold text; CSV columns have no type.
        unusable: for columns that can be neither features nor targets, the reason.
    """

    name: str
    sha256: str
    columns: tuple[str, ...]
    lines: tuple[int, ...]
    cells: tuple[tuple[str, ...], ...]
    parser: CellParser
    kinds: Mapping[str, bool] = field(default_factory=dict)
    unusable: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lines)

    def place(self, column: str, role: str) -> int:
        """Return the index of a column.

        Args:
            column: the name of the column.
            role: the role of the column, for the message: ``target`` or ``feature``.

        Raises:
            MissingColumn: the table does not have the column; the message suggests similar names.
            TrainingDataError: the column holds neither numbers nor text.
        """
        if column not in self.columns:
            raise MissingColumn(
                f"{self.name} has no column {quoted(column)}, the {role}; it has {enumeration(self.columns)}.",
                hint=similar(column, self.columns),
                column=column,
                present=self.columns,
                role=role,
            )
        if column in self.unusable:
            raise TrainingDataError(self.unusable[column])
        return self.columns.index(column)

    def holds_text(self, column: str) -> bool:
        """Return whether a column holds text, by its type or else by the majority of its cells.

        Numbers and missing-value markers do not count as text.
        """
        if column in self.kinds:
            return self.kinds[column]
        values, names = self.parser.count_values([row[self.columns.index(column)] for row in self.cells])
        return names > values

    def numbers(self, columns: Sequence[str], role: str) -> NDArray[np.float64]:
        """Return columns as numbers, shape (rows, columns).

        Args:
            columns: the names of the columns.
            role: the role of the columns, for messages.

        Raises:
            MissingValue: a cell is empty or marks a missing value.
            ActivationError: a cell is not a finite number; the message contains its line and column.
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
        """Return the cells of a column as strings.

        Raises:
            MissingValue: a cell is empty or marks a missing value.
        """
        place = self.columns.index(column)
        for line, cells in zip(self.lines, self.cells, strict=True):
            self._check_present(cells[place], line, place)
        return [cells[place] for cells in self.cells]

    def _plain_numbers(self, places: Sequence[int]) -> NDArray[np.float64] | None:
        """Parse columns that hold only plain numbers; None if any cell needs closer inspection."""
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
                f"{self.name} {self.parser.row_word} {line}, {self.parser.column_label(place)}: {what}.",
                hint="Fill in the value, or remove the row.",
                line=line,
                column=self.columns[place],
            )
