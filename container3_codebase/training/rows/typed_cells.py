"""Convert the cells of typed formats to the strings of a Table, with the same numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pybrain_runtime.io.printable import quoted, shortened
from pybrain_runtime.tables.formats.csv.cells import CellParser


class TypedParser(CellParser):
    """Converts cells that were numbers or text in the file.

    Args:
        file: the name of the file, for messages.
        names: the names of the columns.
        row_word: the word for a row in messages.
    """

    def __init__(self, file: str, names: tuple[str, ...], row_word: str) -> None:
        super().__init__(file, ",")
        self.names = names
        self.row_word = row_word


def cell_text(value: object) -> str:
    """Return a value as the string of a cell: ``1`` for 1.0, because other files may contain the same class as ``1``.

    Args:
        value: a number, a string, a boolean, or None for a missing value, which becomes an empty string.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return "" if value is None else str(value).strip()


def is_text(value: object) -> bool:
    """Return whether a value is text; booleans count as text."""
    return isinstance(value, str | bool)


def kind_of(column: Iterable[tuple[int, object]], label: str) -> tuple[bool, str]:
    """Return whether a column holds text, and the problem if it holds neither numbers nor text.

    Args:
        column: the line numbers and values.
        label: the file and column, for the message.
    """
    text: bool | None = None
    for line, value in column:
        if value is None:
            continue
        if not isinstance(value, str | int | float):
            return False, f"{label}: {_shown(value)} on line {line} is neither a number nor text."
        if text is not None and is_text(value) != text:
            kinds = ("text", "numbers") if text else ("numbers", "text")
            one = "text" if not text else "a number"
            return (
                False,
                f"{label}: {_shown(value)} on line {line} is {one}; the lines before it hold {kinds[0]}.",
            )
        text = is_text(value)
    return bool(text), ""


def _shown(value: object) -> str:
    return quoted(shortened(json.dumps(value, ensure_ascii=False)))
