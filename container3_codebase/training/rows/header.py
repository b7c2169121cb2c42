"""Checks of the names of columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pybrain_runtime._io.printable import quoted
from training.errors import MissingHeader, TrainingDataError

_MOST_COLUMNS, _MOST_CELLS = 10_000, 20_000_000


def no_names(file: str, line: int) -> MissingHeader:
    """Return the error for a table whose columns have no names.

    Args:
        file: the file's name.
        line: the first line.
    """
    return MissingHeader(
        f"{file} line {line} has no names; training selects columns by the names in a header.",
        hint="Add a header with a name for each column.",
    )


def check_names(file: str, names: Sequence[str]) -> None:
    """Check the names of the columns.

    Args:
        file: the file's name, for messages.
        names: the names.

    Raises:
        MissingHeader: a column has no name.
        TrainingDataError: two columns have the same name, or one cannot be printed.
    """
    if not all(names):
        raise MissingHeader(f"{file} line 1: column {list(names).index('') + 1} has no name.")
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise TrainingDataError(f"{file} line 1 has two columns with the name {quoted(twice[0])}.")
    hidden = [name for name in names if not name.isprintable()]
    if hidden:
        raise TrainingDataError(f"{file} line 1: the name {quoted(hidden[0])} is not a line of text.")


def check_size(file: str, rows: int, columns: int) -> None:
    """Check that a table fits into memory, before an object is made of each cell.

    Args:
        file: the file's name.
        rows: the number of rows.
        columns: the number of columns.

    Raises:
        TrainingDataError: it has too many columns or cells.
    """
    if columns > _MOST_COLUMNS:
        raise TrainingDataError(f"{file} has {columns:,} columns; the limit is {_MOST_COLUMNS:,}.")
    if rows * columns > _MOST_CELLS:
        raise TrainingDataError(
            f"{file} has {rows:,} rows with {columns:,} columns; the limit is {_MOST_CELLS:,} values.",
            hint="Select some of the rows at random, or leave out columns.",
        )
