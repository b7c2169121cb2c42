"""What is found in a part of an activation file, and who finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.decimal_marks import DecimalMarks
from pybrain_runtime.tables.formats.line_reader import LineChunk

LARGEST_EXCERPT = 1 << 12


class RejectedRow:
    """A row that cannot be answered.

    Attributes:
        line: its number in the file.
        reason: what is wrong, without the name of the file and the line.
        text: the row as it stands there, cut when very long.
    """

    __slots__ = ("line", "reason", "text")

    def __init__(self, line: int, reason: str, text: str) -> None:
        self.line = line
        self.reason = reason
        self.text = text[:LARGEST_EXCERPT]


class RowBatch:
    """The rows in one part of a file.

    Attributes:
        inputs: shape (n, indim), as given in the file.
        targets: the expected outputs, shape (n, outdim); None where the file has none.
        first: the line of the first row that is there, also of one that was rejected; 0 where there is none.
        blank: from which line to which there is nothing at the end of the part; None where there is a row.
        rejected: rows that are left out.
        marks: where decimal commas and thousands are; None where the file has no decimal commas.
    """

    __slots__ = ("blank", "first", "inputs", "marks", "rejected", "targets")

    def __init__(
        self,
        inputs: np.ndarray,
        targets: np.ndarray | None,
        *,
        first: int,
        blank: tuple[int, int] | None = None,
        rejected: list[RejectedRow] | None = None,
    ) -> None:
        self.inputs = inputs
        self.targets = targets
        self.first = first
        self.blank = blank
        self.rejected = rejected or []
        self.marks: DecimalMarks | None = None


class Chunk(Protocol):
    """A part of a file, in the order of the file.

    Attributes:
        end: how far the file has been cut into parts, in a unit of its own; it only grows.
    """

    end: int


class RowReader(Protocol):
    """Reads one kind of file.

    Attributes:
        header: names of the columns; empty where the file has none.
        columns: which columns are what.
        total: how far the file reaches, in the unit of its parts' ends; 0 where nobody knows before its end.
    """

    header: tuple[str, ...]
    columns: ColumnSelection
    total: int

    def parts(self) -> Iterator[Chunk]:
        """Yields the file in parts, once. Where it is cut depends on the file and on nothing else."""

    def rows(self, part: Chunk) -> RowBatch:
        """Returns the rows of a part; several threads may ask at once.

        Raises:
            ActivationError: a row cannot be answered, unless such rows are to be left out.
        """


class RowCollector:
    """Collects the rows of a part one by one.

    Args:
        columns: which of the cells of a row are what.
        file: the file's name, for messages.
        line_word: what the file counts, ``line`` or ``row``.
        skip: whether rows that cannot be answered are left out.
    """

    def __init__(self, columns: ColumnSelection, file: str, line_word: str, *, skip: bool) -> None:
        self._wanted = (*columns.inputs, *columns.targets)
        self._inputs = len(columns.inputs)
        self._file = file
        self._word = line_word
        self._skip = skip
        self._found: list[list[float]] = []
        self._rejected: list[RejectedRow] = []
        self._first = 0
        self._blank: tuple[int, int] | None = None

    def add(self, line: int, text: str, cells: Callable[[], list[float] | None]) -> None:
        """Takes a row: its numbers as ``cells`` returns them, None for a blank line.

        Raises:
            ActivationError: ``cells`` raised it, or the row follows a blank line; not where such are left out.
        """
        try:
            row = cells()
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
            self._found.append(row)

    def rows(self) -> RowBatch:
        """Returns what has been collected."""
        numbers = np.array(self._found, dtype=np.float64).reshape(len(self._found), len(self._wanted))
        targets = numbers[:, self._inputs :] if len(self._wanted) > self._inputs else None
        return RowBatch(
            np.ascontiguousarray(numbers[:, : self._inputs]),
            targets,
            first=self._first,
            blank=self._blank,
            rejected=self._rejected,
        )

    def _reject_blank(self) -> None:
        if self._blank:
            self._rejected += blank_rows(self._blank)
            self._blank = None

    def _reason(self, error: ActivationError, line: int) -> str:
        return error.message.removeprefix(f"{self._file} {self._word} {line}").lstrip(",: ")


def blank_before_rows(file: str, line: int) -> ActivationError:
    """Returns the error for a blank line that is not at the end of the file."""
    return ActivationError(
        f"{file} line {line} is blank, and rows follow it.",
        hint="Take the blank line out, or give it a number in each column.",
        line=line,
    )


def blank_rows(lines: tuple[int, int]) -> list[RejectedRow]:
    """Returns blank lines that follow one another as one row that is left out: there may be millions."""
    first, last = lines
    up_to = f", as are all up to line {last}" if last > first else ""
    return [RejectedRow(first, f"is blank{up_to}, and rows follow.", "")]


def all_blank(part: LineChunk, columns: ColumnSelection) -> RowBatch | None:
    """Returns a part without anything in it as such; None where there is something."""
    if part.content.strip():
        return None
    wanted = np.empty((0, len(columns.inputs))), np.empty((0, len(columns.targets)))
    count = len(part.split())
    blank = (part.number, part.number + count - 1) if count else None
    return RowBatch(wanted[0], wanted[1] if columns.targets else None, first=0, blank=blank)
