"""The activation: rows of numbers to answer, out of a CSV file.

The file is UTF-8, with or without a byte order mark. Cells are separated by commas, semicolons or tabs; with
semicolons a decimal comma is accepted. A first row with text in it is the header. As many columns as the
network has inputs are the inputs; as many more as it has outputs are the expected outputs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import chain
from types import TracebackType

import numpy as np

from .columns import ColumnChoice, Columns
from .errors import ActivationError
from .files import InputFile
from .knowledge import Knowledge
from .lines import LineReader
from .paths import base
from .record import Record
from .table import Table, detect_delimiter

Batch = tuple[int, list[bytes]]


class Activation(Record):
    """The rows of a file.

    Attributes:
        path: the file, as it was named.
        sha256: of the file, in hexadecimal.
        size: bytes of the file.
        inputs: float64, shape (rows, indim), as given in the file (not scaled).
        targets: the expected outputs, float64, shape (rows, outdim); None where the file has none.
        input_names: the header's names of the inputs; empty where there is no header.
        columns: columns of the file.
        delimiter: what separates its cells.
    """

    path: str
    sha256: str
    size: int
    inputs: np.ndarray
    targets: np.ndarray | None
    input_names: tuple[str, ...]
    columns: int
    delimiter: str

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return base(self.path)

    @property
    def rows(self) -> int:
        """Rows, the header not counted."""
        return len(self.inputs)


class ActivationStream:
    """Reads a file in chunks, so that its size does not matter. Use as a context manager, iterate once.

    Attributes:
        columns: which columns are what.
        header: the names in the first row; empty where it is data.
        delimiter: what separates the cells.
        rows: how many rows have been read so far.

    Args:
        path: the CSV file.
        knowledge: the network that the rows are for.
        input_columns: names of the columns that go in; None for the contract's own rule.
        target_columns: names of the columns to compare with; None for the contract's own rule.

    Raises:
        InputMissing: there is no such file, or it cannot be read.
        ActivationError: it is no table, or its columns do not fit the network.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        knowledge: Knowledge,
        *,
        input_columns: Sequence[str] | None = None,
        target_columns: Sequence[str] | None = None,
    ) -> None:
        self.file = InputFile(path, "activation", follow_links=True)
        self.rows = 0
        self.header: tuple[str, ...] = ()
        self._blank = 0
        try:
            self._choice = ColumnChoice(self.file.name, knowledge, input_columns, target_columns)
            self._batches = self._begin()
        except BaseException:
            self.file.close()
            raise

    def __enter__(self) -> ActivationStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yields inputs, shape (n, indim), and targets, shape (n, outdim) or None.

        Raises:
            ActivationError: a cell holds no finite number, a row has another width, or there is no row; the
                message names line and column.
        """
        inputs, targets = list(self.columns.inputs), list(self.columns.targets)
        for number, lines in self._batches:
            rows = self._parsed(number, lines)
            if not len(rows):
                continue
            self.rows += len(rows)
            yield rows[:, inputs], rows[:, targets] if targets else None
        if not self.rows:
            what = "has a header and no rows" if self.header else "has no rows"
            raise ActivationError(
                f"{self.file.name} {what}.", hint="Add a line of numbers for each row to answer."
            )

    def _begin(self) -> Iterator[Batch]:
        """Reads as far as it takes to know the shape of the table; returns what is left to read as data."""
        batches = LineReader(self.file).batches()
        lines: list[bytes] = []
        while len(lines) < 2 and (batch := next(batches, None)):
            lines += batch[1]
        if not any(line.strip() for line in lines):
            raise ActivationError(
                f"{self.file.name} is empty.", hint="Add a line of numbers for each row to answer."
            )
        plain = Table(self.file.name, ",")
        telling = lines[1] if len(lines) > 1 and lines[1].strip() else lines[0]
        self.delimiter = detect_delimiter(plain.text(1 if telling is lines[0] else 2, telling))
        self._table = Table(self.file.name, self.delimiter)
        first = self._table.cells(1, self._table.text(1, lines[0]))
        start = 0
        if self._table.is_header(first):
            self.header, start = tuple(first), 1
            self._table.names = self.header
        self.columns: Columns = self._choice.of(len(first), self.header, 1)
        return chain([(1 + start, lines[start:])], batches)

    def _parsed(self, number: int, lines: list[bytes]) -> np.ndarray:
        """Returns the rows in some lines, shape (rows, columns); NaN in columns that nobody asked for."""
        if lines and not self._blank:
            rows = self._table.fast(lines, self.columns.width)
            if rows is not None:
                return rows
        found = [self._row(number + place, line) for place, line in enumerate(lines)]
        kept = [row for row in found if row is not None]
        return np.array(kept).reshape(len(kept), self.columns.width)

    def _row(self, number: int, line: bytes) -> list[float] | None:
        """Returns the numbers of one line, or None for a blank one: those may only stand at the end."""
        text = self._table.text(number, line)
        if not text.strip():
            self._blank = self._blank or number
            return None
        if self._blank:
            raise ActivationError(
                f"{self.file.name} line {self._blank} is blank, and rows follow it.",
                hint="Take the blank line out, or give it a number in each column.",
                line=self._blank,
            )
        cells = self._table.cells(number, text)
        if self.header and tuple(cells) == self.header:
            raise ActivationError(
                f"{self.file.name} line {number} is the header a second time.",
                hint="Take it out; perhaps two files were put together.",
                line=number,
            )
        if len(cells) != self.columns.width:
            raise self._choice.unlike(len(cells), self.columns, number)
        row = [float("nan")] * len(cells)
        for place in chain(self.columns.inputs, self.columns.targets):
            row[place] = self._table.number(cells[place], number, place)
        return row


def read_activation(
    path: str | os.PathLike[str],
    knowledge: Knowledge,
    *,
    input_columns: Sequence[str] | None = None,
    target_columns: Sequence[str] | None = None,
) -> Activation:
    """Reads a whole file into arrays. For files of any size, iterate over an ``ActivationStream``.

    Args:
        path: the CSV file.
        knowledge: the network that the rows are for.
        input_columns: names of the columns that go in; None takes the first ``indim``.
        target_columns: names of the columns to compare with; None takes the ``outdim`` after the inputs,
            where the file has them.

    Raises:
        InputMissing: there is no such file, or it cannot be read.
        ActivationError: it does not hold rows of finite numbers that fit the network.
    """
    with ActivationStream(
        path, knowledge, input_columns=input_columns, target_columns=target_columns
    ) as stream:
        chunks = list(stream)
        inputs = np.concatenate([chunk[0] for chunk in chunks])
        targets = [chunk[1] for chunk in chunks if chunk[1] is not None]
        return Activation(
            path=os.fspath(path),
            sha256=stream.file.sha256,
            size=stream.file.bytes_read,
            inputs=inputs,
            targets=np.concatenate(targets) if targets else None,
            input_names=tuple(stream.header[place] for place in stream.columns.inputs)
            if stream.header
            else (),
            columns=stream.columns.width,
            delimiter=stream.delimiter,
        )
