"""Text columns of a table: those that are passed through, and the class column."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np


class TextColumn:
    """The strings of a column in consecutive rows.

    Args:
        values: the string of each row; with ``codes``, the distinct strings.
        codes: the index in ``values`` of each row's string, shape (n,); None if ``values`` has one for each row.
    """

    __slots__ = ("codes", "values")

    def __init__(self, values: Sequence[str], codes: np.ndarray | None = None) -> None:
        self.values = values
        self.codes = codes

    def texts(self, written: Callable[[str], str] = str) -> list[str]:
        """Return the string of each row.

        Args:
            written: applied to each string, or to each distinct one.
        """
        values = list(map(written, self.values))
        return values if self.codes is None else [values[code] for code in self.codes.tolist()]

    def count(self, holds: Callable[[str], bool]) -> int:
        """Return the number of rows whose string has a property.

        Args:
            holds: returns whether a string has the property; called once per distinct string if these are known.
        """
        if self.codes is None:
            return sum(map(holds, self.values))
        return int(np.fromiter(map(holds, self.values), bool, len(self.values))[self.codes].sum())


Part = np.ndarray | TextColumn
"""Adjacent columns of a table: float64 of shape (n, some), or a text column."""


def cell_text(value: object) -> str:
    """Return a value of a typed format as text: ``1`` for 1.0, as in CSV; an empty string for a missing value.

    Args:
        value: text, a number, true or false, None, or anything else, which becomes JSON.
    """
    if isinstance(value, str):
        return value.strip()
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return (
        json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)
    )
