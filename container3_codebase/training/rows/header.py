"""Check the column names and the size of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pybrain_runtime.io.printable import quoted
from training.errors import MissingHeader, TrainingDataError

_MOST_COLUMNS, _MOST_CELLS = 10_000, 20_000_000


def no_names(file: str, line: int) -> MissingHeader:
    """Return the error for a table without column names.

    Args:
        file: the name of the file.
        line: the number of the first line.
    """
    return MissingHeader(
        f"{file} line {line} is not a header; training selects columns by name.",
        hint="Add a header with a name for each column.",
    )


def check_names(file: str, names: Sequence[str]) -> None:
    """Check the column names.

    Args:
        file: the name of the file, for messages.
        names: the column names.

    Raises:
        MissingHeader: a column has no name.
        TrainingDataError: two columns have the same name, or a name is not printable.
    """
    if not all(names):
        raise MissingHeader(f"{file} line 1: column {list(names).index('') + 1} has no name.")
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise TrainingDataError(f"{file} line 1 has two columns named {quoted(twice[0])}.")
    hidden = [name for name in names if not name.isprintable()]
    if hidden:
        raise TrainingDataError(f"{file} line 1: the name {quoted(hidden[0])} is not printable.")


def check_size(file: str, rows: int, columns: int) -> None:
    """Check that a table fits into memory, before an object is created for each cell.

    Args:
        file: the name of the file, for messages.
        rows: the number of rows.
        columns: the number of columns.

    Raises:
        TrainingDataError: the table has too many columns or cells.
    """
    if columns > _MOST_COLUMNS:
        raise TrainingDataError(f"{file} has {columns:,} columns; the limit is {_MOST_COLUMNS:,}.")
    if rows * columns > _MOST_CELLS:
        raise TrainingDataError(
            f"{file} has {rows:,} rows with {columns:,} columns; the limit is {_MOST_CELLS:,} values.",
            hint="Use a random sample of the rows, or remove columns.",
        )
