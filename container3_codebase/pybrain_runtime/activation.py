"""The activation: the rows of a file that a network predicts.

A CSV file is UTF-8, with or without a byte order mark. Cells are separated by commas, semicolons or tabs; with
semicolons a decimal comma is accepted. A first row of names is the header, see ``CellParser.is_header``. How inputs
and expected outputs are selected: see ``column_selector.py``. Other formats: see ``tables/formats/registry.py``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from types import TracebackType

import numpy as np

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.optional_packages import has_arrow, require_arrow
from pybrain_runtime.io.paths import base
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.tables.activation import Activation, Source
from pybrain_runtime.tables.batch import RejectedRow, RowBatch, blank_before_rows, rejected_blank_lines
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.decimal_marks import DecimalMarks
from pybrain_runtime.tables.formats.interface import Chunk
from pybrain_runtime.tables.formats.registry import detect_format, open_row_reader
from pybrain_runtime.tables.schema import TableSchema
from pybrain_runtime.tables.table_file import TableFile


class ActivationStream:
    """Reads a file of any size in chunks. Use as a context manager, iterate once.

    The format is detected from the content: CSV (comma, semicolon or tab) or JSON lines, both optionally compressed
    with gzip, or Parquet.

    Attributes:
        columns: the selected columns.
        header: names of the columns; empty if the file has none.
        rows: number of rows read so far.
        marks: decimal commas and thousands separators found so far.
        rejected: number of rows rejected so far.
        kind: name of the format: ``csv``, ``jsonl``, ``parquet`` or ``arrow``.
        fast: whether pyarrow is used: for large files, if it is installed.
        light: whether a large file is read without pyarrow.

    Args:
        path: the file; ``-`` for standard input.
        knowledge: the network that predicts the rows.
        input_columns: names of the input columns; None to select them by the card's names or by position.
        target_columns: names of the columns with expected outputs; None to select them by the card's names or by
            position.
        ignore_card_names: whether to ignore the names of the model card.
        skip: whether invalid rows are rejected instead of raising an error.
        fast: whether to read with pyarrow; None does so for large files if it is installed.
        keep: names of columns that are passed through as text; ``batches`` and ``parse`` return them.
        compare_classes: whether a column with the class of each row as text is read; ``batches`` and ``parse`` return
            it.

    Raises:
        InputMissing: the file does not exist, or cannot be read.
        ActivationError: the file is not a table, or its columns do not fit the network.
        MissingPackage: the format needs pyarrow, or ``fast`` is true, and pyarrow is not installed.
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
        keep: Sequence[str] = (),
        compare_classes: bool = False,
    ) -> None:
        self.rows = self.rejected = 0
        self._skip = skip
        self._blank: tuple[int, int] | None = None
        self._first_rejected = ""
        self.marks = DecimalMarks()
        table = TableFile(path)
        self.file = table.file
        try:
            self._format = detect_format(table.start)
            use_arrow = table.large and has_arrow() if fast is None else fast
            self.light = table.large and not use_arrow
            if use_arrow:
                require_arrow("Reading fast")
            selector = ColumnSelector(
                self.file.name,
                table_schema(knowledge),
                input_columns,
                target_columns,
                ignore_card_names=ignore_card_names,
                keep=keep,
                compare_classes=compare_classes,
            )
            self._reader = open_row_reader(self._format, table, selector, skip=skip, fast=use_arrow)
        except BaseException:
            self.close()
            raise
        self.fast = self._reader.fast
        self.kind = self._format.name
        self.header = self._reader.header
        self.columns = self._reader.columns

    def __enter__(self) -> ActivationStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yield inputs, shape (n, indim), and targets, shape (n, outdim) or None.

        Raises:
            ActivationError: a cell does not hold a finite number, a row has another width, or there is no row; the
                message names line and column.
        """
        for batch in self.batches():
            yield batch.inputs, batch.targets

    def batches(self) -> Iterator[RowBatch]:
        """Yield the rows with everything that was read, including classes and the columns that are passed through.

        Raises:
            ActivationError: as iteration over the stream.
        """
        for chunk in self.chunks():
            batch = self.parse(chunk)
            self.accept(batch)
            if len(batch.inputs):
                yield batch
        self.finish()

    # The same, step by step: several threads may parse chunks; their batches are accepted in order.

    def chunks(self) -> Iterator[Chunk]:
        """Yield the file in chunks, once. Their boundaries depend on the content of the file alone."""
        return self._reader.chunks()

    def parse(self, chunk: Chunk) -> RowBatch:
        """Return the rows of a chunk.

        Raises:
            ActivationError: a row is invalid, unless invalid rows are skipped.
        """
        return self._reader.parse(chunk)

    def accept(self, batch: RowBatch) -> list[RejectedRow]:
        """Count the rows of the next chunk.

        Returns:
            The rows rejected in the chunk and before it.

        Raises:
            ActivationError: a blank line in an earlier chunk was not at the end, or a number may have thousands
                separators, as the file has decimal commas.
        """
        if batch.marks:
            self.marks.add(batch.marks, self.file.name)
        rejected = batch.rejected
        if self._blank and batch.first:
            if not self._skip:
                raise blank_before_rows(self.file.name, self._blank[0])
            rejected = rejected_blank_lines(self._blank) + rejected
            self._blank = None
        if batch.blank:
            self._blank = (self._blank or batch.blank)[0], batch.blank[1]
        self.rows += len(batch.inputs)
        self.rejected += len(rejected)
        if rejected and not self._first_rejected:
            word = self._format.row_word.capitalize()
            self._first_rejected = f"{word} {rejected[0].line}: {rejected[0].reason}"
        return rejected

    def finish(self) -> None:
        """Check that the file has at least one valid row.

        Raises:
            ActivationError: the file has no valid row.
        """
        if self.rows:
            return
        if self.rejected:
            raise ActivationError(f"{self.file.name} has no valid row.", hint=self._first_rejected)
        what = "has a header and no rows" if self.header else "has no rows"
        raise ActivationError(f"{self.file.name} {what}.", hint="Add a line of numbers for each row.")

    def fraction(self, chunk: Chunk, read: int) -> float | None:
        """Return how much of the file has been processed, from 0 to 1; None if it is unknown.

        Args:
            chunk: the last chunk.
            read: bytes of the file that had been read by then.
        """
        done, total = (chunk.end, self._reader.total) if self._reader.total else (read, self.file.size)
        return min(1.0, done / total) if total else None

    @property
    def blank(self) -> tuple[int, int] | None:
        """The first and last blank line before the next chunk; None if there are none."""
        return self._blank

    def restore(self, rows: int, rejected: int, blank: tuple[int, int] | None, marks: DecimalMarks) -> None:
        """Restore the state that an earlier run had after some chunks.

        Args:
            rows: number of rows read.
            rejected: number of rows rejected.
            blank: ``blank`` of that run.
            marks: ``marks`` of that run.
        """
        self.rows, self.rejected, self._blank, self.marks = rows, rejected, blank, marks

    @property
    def input_names(self) -> tuple[str, ...]:
        """The header's names of the inputs; empty if there is no header."""
        return tuple(self.header[place] for place in self.columns.inputs) if self.header else ()

    @property
    def kept_names(self) -> tuple[str, ...]:
        """The header's names of the columns that are passed through."""
        return tuple(self.header[place] for place in self.columns.keep)

    def source(self, rejected_file: str = "") -> Source:
        """Return the description of the file for the report, once it has been read to its end.

        Args:
            rejected_file: name of the file with the rejected rows; empty if there is none.
        """
        file = self.file
        return Source(
            file.name,
            file.sha256,
            file.bytes_read,
            self.columns.width,
            self.rejected,
            base(rejected_file),
            self.columns,
        )


def table_schema(knowledge: Knowledge) -> TableSchema:
    """Return what a network and its card expect of a table."""
    card = knowledge.card
    return TableSchema(
        network=knowledge.name,
        indim=knowledge.indim,
        outdim=knowledge.outdim,
        input_names=tuple(column.name for column in card.inputs) if card else (),
        output_names=tuple(column.name for column in card.outputs) if card else (),
        has_card=card is not None,
        classes=knowledge.labels,
        class_column=card.class_column if card else "",
    )


def read_activation(
    path: str | os.PathLike[str],
    knowledge: Knowledge,
    *,
    input_columns: Sequence[str] | None = None,
    target_columns: Sequence[str] | None = None,
    ignore_card_names: bool = False,
) -> Activation:
    """Read a whole file into arrays. For files of any size, iterate over an ``ActivationStream``.

    Args:
        path: the file.
        knowledge: the network that predicts the rows.
        input_columns: names of the input columns; if None, those that the card names, otherwise the first ``indim``.
        target_columns: names of the columns with expected outputs; if None, those that the card names, otherwise the
            ``outdim`` after the inputs, if the file has them.
        ignore_card_names: whether to ignore the names of the model card.

    Raises:
        InputMissing: the file does not exist, or cannot be read.
        ActivationError: the file does not hold rows of finite numbers that fit the network.
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
