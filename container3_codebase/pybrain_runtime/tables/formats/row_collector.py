"""Collects the rows of a chunk of a text format one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.batch import RejectedRow, RowBatch, blank_before_rows, rejected_blank_lines
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.formats.line_reader import LineChunk
from pybrain_runtime.tables.text_column import TextColumn


class RowCollector:
    """Collects parsed rows, rejected rows and blank lines.

    Args:
        columns: the selected columns.
        file: the file's name, for messages.
        skip: whether invalid rows are rejected instead of raising an error.
    """

    def __init__(self, columns: ColumnSelection, file: str, *, skip: bool) -> None:
        self._columns = columns
        self._file = file
        self._skip = skip
        self._rows: list[list[float]] = []
        self._kept: list[Sequence[str]] = []
        self._rejected: list[RejectedRow] = []
        self._first = 0
        self._blank: tuple[int, int] | None = None

    def add(
        self, line: int, text: str, parse: Callable[[], tuple[list[float], Sequence[str]] | None]
    ) -> None:
        """Add a row.

        Args:
            line: the line number.
            text: the row as it is in the file.
            parse: returns the row's numbers (inputs before targets and class index) and the strings that are passed
                through; None for a blank line.

        Raises:
            ActivationError: ``parse`` raised it, or the row follows a blank line; never if invalid rows are skipped.
        """
        try:
            row = parse()
            if row is None:
                self._blank = (self._blank[0] if self._blank else line), line
                return
            if self._blank and not self._skip:
                raise blank_before_rows(self._file, self._blank[0])
        except ActivationError as error:
            if not self._skip:
                raise
            row = None
            self._reject_blank()
            self._rejected.append(RejectedRow(line, self._reason(error, line), text))
        self._first = self._first or line
        if row is not None:
            self._reject_blank()
            self._rows.append(row[0])
            self._kept.append(row[1])

    def batch(self) -> RowBatch:
        """Return what has been collected."""
        inputs, targets = len(self._columns.inputs), len(self._columns.targets)
        has_label = self._columns.label is not None
        width = inputs + targets + has_label
        numbers = np.array(self._rows, dtype=np.float64).reshape(len(self._rows), width)
        batch = RowBatch(
            np.ascontiguousarray(numbers[:, :inputs]),
            numbers[:, inputs:] if targets else None,
            first=self._first,
            blank=self._blank,
            rejected=self._rejected,
        )
        if has_label:
            batch.labels = numbers[:, inputs].astype(np.intp)
        if self._columns.keep:
            batch.kept = [TextColumn(texts) for texts in zip(*self._kept, strict=True)]
        return batch

    def _reject_blank(self) -> None:
        if self._blank:
            self._rejected += rejected_blank_lines(self._blank)
            self._blank = None

    def _reason(self, error: ActivationError, line: int) -> str:
        return error.message.removeprefix(f"{self._file} line {line}").lstrip(",: ")


def blank_batch(chunk: LineChunk, columns: ColumnSelection) -> RowBatch | None:
    """Return a chunk of blank lines as a batch without rows; None if the chunk holds anything else.

    Args:
        chunk: the lines.
        columns: the selected columns.
    """
    if chunk.content.strip():
        return None
    inputs, targets = np.empty((0, len(columns.inputs))), np.empty((0, len(columns.targets)))
    count = len(chunk.split())
    blank = (chunk.number, chunk.number + count - 1) if count else None
    return RowBatch(inputs, targets if columns.targets else None, first=0, blank=blank)
