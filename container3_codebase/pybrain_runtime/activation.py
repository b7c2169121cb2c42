"""The activation: rows of numbers to answer, out of a file.

A CSV file is UTF-8, with or without a byte order mark. Cells are separated by commas, semicolons or tabs; with
semicolons a decimal comma is accepted. A first row of names is the header, see ``Table.is_header``. Which columns
are the inputs and which the expected outputs: see ``column_selector.py``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from types import TracebackType

import numpy as np

from pybrain_runtime._io.optional_packages import has_arrow, require_arrow
from pybrain_runtime._io.paths import base
from pybrain_runtime._io.record import Record
from pybrain_runtime.errors import ActivationError
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.tables.batch import (
    Chunk,
    RejectedRow,
    RowBatch,
    RowReader,
    blank_before_rows,
    blank_rows,
)
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.decimal_marks import DecimalMarks
from pybrain_runtime.tables.formats.csv_reader import CsvReader
from pybrain_runtime.tables.table_file import TableFile


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
        layout: which columns are what; None where nobody said.
    """

    path: str
    sha256: str
    size: int
    inputs: np.ndarray
    targets: np.ndarray | None
    input_names: tuple[str, ...]
    columns: int
    layout: ColumnSelection | None = None

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return base(self.path)

    @property
    def rows(self) -> int:
        """Rows, the header not counted."""
        return len(self.inputs)


class ActivationStream:
    """Reads a file in parts, so that its size does not matter. Use as a context manager, iterate once.

    The content decides what the file is: a CSV file (comma, semicolon or tab), JSON lines or Parquet, each
    also packed with gzip (but for Parquet, which packs itself).

    Attributes:
        columns: which columns are what.
        header: the names of the columns; empty where the file has none.
        rows: how many rows have been read so far.
        marks: where decimal commas and thousands were found so far.
        rejected: how many rows were left out so far.
        kind: ``csv``, ``jsonl`` or ``parquet``.
        fast: whether pyarrow is at work: for large files, where it is installed.
        light: whether a large file is read without it.

    Args:
        path: the file; ``-`` for standard input.
        knowledge: the network that the rows are for.
        input_columns: names of the columns that go in; None for the contract's own rule.
        target_columns: names of the columns to compare with; None for the contract's own rule.
        ignore_card_names: whether the names of the network's card say nothing about the columns.
        skip: whether rows that cannot be answered are left out instead of ending the run.
        fast: whether to read with pyarrow; None does so for large files where it is installed.

    Raises:
        InputMissing: there is no such file, or it cannot be read.
        ActivationError: it is no table, or its columns do not fit the network.
        PartMissing: it is a Parquet file, or ``fast`` was asked for, and pyarrow is not installed.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        knowledge: Knowledge,
        *,
        input_columns: Sequence[str] | None = None,
        target_columns: Sequence[str] | None = None,
        ignore_card_names: bool = False,
        skip: bool = False,
        fast: bool | None = None,
    ) -> None:
        self.rows = self.rejected = 0
        self._skip = skip
        self._blank: tuple[int, int] | None = None
        self._first_rejected = ""
        self.marks = DecimalMarks()
        self._incoming = TableFile(path)
        self.file = self._incoming.file
        self.kind = self._incoming.kind
        try:
            self.fast = self._incoming.large and has_arrow() if fast is None else fast
            self.light = self._incoming.large and not self.fast
            if self.fast:
                require_arrow("Reading fast")
            choice = ColumnSelector(
                self.file.name,
                knowledge,
                input_columns,
                target_columns,
                ignore_card_names=ignore_card_names,
            )
            self._reader = self._reader_for(choice)
            if isinstance(self._reader, CsvReader):
                self.fast = self._reader.fast
        except BaseException:
            self.close()
            raise
        self.header = self._reader.header
        self.columns = self._reader.columns

    def __enter__(self) -> ActivationStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._incoming.close()

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yields inputs, shape (n, indim), and targets, shape (n, outdim) or None.

        Raises:
            ActivationError: a cell holds no finite number, a row has another width, or there is no row; the
                message names line and column.
        """
        for part in self.parts():
            rows = self.rows_of(part)
            self.accept(rows)
            if len(rows.inputs):
                yield rows.inputs, rows.targets
        self.finish()

    # The same, step by step: parts may be read by several threads, and are accepted in their order.

    def parts(self) -> Iterator[Chunk]:
        """Yields the file in parts, once. Where it is cut depends on the file and on nothing else."""
        return self._reader.parts()

    def rows_of(self, part: Chunk) -> RowBatch:
        """Returns the rows of a part; raises as iterating does."""
        return self._reader.rows(part)

    def accept(self, rows: RowBatch) -> list[RejectedRow]:
        """Takes the rows of the next part to be part of the activation; returns what was left out up to there.

        Raises:
            ActivationError: a blank line in an earlier part was not at the end, or a number may have thousands
                marks, as the file has decimal commas.
        """
        if rows.marks:
            self.marks.add(rows.marks, self.file.name)
        rejected = rows.rejected
        if self._blank and rows.first:
            if not self._skip:
                raise blank_before_rows(self.file.name, self._blank[0])
            rejected = blank_rows(self._blank) + rejected
            self._blank = None
        if rows.blank:
            self._blank = (self._blank or rows.blank)[0], rows.blank[1]
        self.rows += len(rows.inputs)
        self.rejected += len(rejected)
        if rejected and not self._first_rejected:
            counted = "Row" if self.kind == "parquet" else "Line"
            self._first_rejected = f"{counted} {rejected[0].line}: {rejected[0].reason}"
        return rejected

    def finish(self) -> None:
        """Checks that there was something to answer.

        Raises:
            ActivationError: there was not.
        """
        if self.rows:
            return
        if self.rejected:
            raise ActivationError(
                f"{self.file.name} has no row that can be answered.", hint=self._first_rejected
            )
        what = "has a header and no rows" if self.header else "has no rows"
        raise ActivationError(
            f"{self.file.name} {what}.", hint="Add a line of numbers for each row to answer."
        )

    def share(self, part: Chunk, read: int) -> float | None:
        """Returns how much of the file has been gone through, from 0 to 1; None where nobody knows.

        Args:
            part: the last part.
            read: bytes of the file that had been read then.
        """
        done, total = (part.end, self._reader.total) if self._reader.total else (read, self.file.size)
        return min(1.0, done / total) if total else None

    @property
    def blank(self) -> tuple[int, int] | None:
        """From which line to which there is nothing before the part that comes next."""
        return self._blank

    def go_on(self, rows: int, rejected: int, blank: tuple[int, int] | None, marks: DecimalMarks) -> None:
        """Takes parts for accepted that an earlier run has read: so many rows, so many left out."""
        self.rows, self.rejected, self._blank, self.marks = rows, rejected, blank, marks

    @property
    def input_names(self) -> tuple[str, ...]:
        """The header's names of the inputs; empty where there is no header."""
        return tuple(self.header[place] for place in self.columns.inputs) if self.header else ()

    def _reader_for(self, choice: ColumnSelector) -> RowReader:
        if self.kind == "parquet":
            require_arrow(f"Reading {self.file.name}, a Parquet file,")
            from pybrain_runtime.tables.formats.parquet_reader import ParquetReader

            return ParquetReader(self._incoming, choice, skip=self._skip)
        if self.kind == "jsonl":
            from pybrain_runtime.tables.formats.jsonl_reader import JsonLinesReader

            return JsonLinesReader(self._incoming, choice, skip=self._skip)
        return CsvReader(self._incoming, choice, skip=self._skip, fast=self.fast)


def read_activation(
    path: str | os.PathLike[str],
    knowledge: Knowledge,
    *,
    input_columns: Sequence[str] | None = None,
    target_columns: Sequence[str] | None = None,
    ignore_card_names: bool = False,
) -> Activation:
    """Reads a whole file into arrays. For files of any size, iterate over an ``ActivationStream``.

    Args:
        path: the CSV file.
        knowledge: the network that the rows are for.
        input_columns: names of the columns that go in; None takes those that the card names, else the first
            ``indim``.
        target_columns: names of the columns to compare with; None takes those that the card names, else the
            ``outdim`` after the inputs, where the file has them.
        ignore_card_names: whether the names of the network's card say nothing about the columns.

    Raises:
        InputMissing: there is no such file, or it cannot be read.
        ActivationError: it does not hold rows of finite numbers that fit the network.
    """
    with ActivationStream(
        path,
        knowledge,
        input_columns=input_columns,
        target_columns=target_columns,
        ignore_card_names=ignore_card_names,
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
            input_names=stream.input_names,
            columns=stream.columns.width,
            layout=stream.columns,
        )
