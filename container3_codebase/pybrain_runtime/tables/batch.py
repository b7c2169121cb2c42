"""Parsed rows: a batch of inputs and targets, and the rows that were rejected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.decimal_marks import DecimalMarks
from pybrain_runtime.tables.text_column import TextColumn

LARGEST_EXCERPT = 1 << 12


class RejectedRow:
    """A row that cannot be used.

    Attributes:
        line: its number in the file.
        reason: what is wrong, without the name of the file and the line.
        text: the row as it is in the file, truncated to ``LARGEST_EXCERPT`` characters.
    """

    __slots__ = ("line", "reason", "text")

    def __init__(self, line: int, reason: str, text: str) -> None:
        self.line = line
        self.reason = reason
        self.text = text[:LARGEST_EXCERPT]


class RowBatch:
    """The rows parsed from one chunk of a file.

    Attributes:
        inputs: float64, shape (n, indim), as given in the file.
        targets: the expected outputs, float64, shape (n, outdim); None if the file has none.
        first: line of the first row, including rejected ones; 0 if there is none.
        blank: first and last line of the blank lines at the end of the chunk; None if it ends with a row.
        rejected: the rejected rows.
        labels: expected class index of each row, in the order of the card, shape (n,); None if there is none.
        kept: the columns that are passed through.
        marks: decimal commas and thousands separators that were found; None if the file has no decimal commas.
    """

    __slots__ = ("blank", "first", "inputs", "kept", "labels", "marks", "rejected", "targets")

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
        self.labels: np.ndarray | None = None
        self.kept: Sequence[TextColumn] = ()
        self.marks: DecimalMarks | None = None


def blank_before_rows(file: str, line: int) -> ActivationError:
    """Return the error for a blank line that is not at the end of the file.

    Args:
        file: the file's name.
        line: number of the blank line.
    """
    return ActivationError(
        f"{file} line {line} is blank, and rows follow it.",
        hint="Remove the blank line, or enter a number in each column.",
        line=line,
    )


def rejected_blank_lines(lines: tuple[int, int]) -> list[RejectedRow]:
    """Return consecutive blank lines as a single rejected row: there may be millions."""
    first, last = lines
    up_to = f", as are all up to line {last}" if last > first else ""
    return [RejectedRow(first, f"is blank{up_to}, and rows follow.", "")]
