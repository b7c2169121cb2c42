"""A column of text beside the numbers of a table: what is passed through, and classes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np


class TextColumn:
    """Texts of consecutive rows.

    Args:
        values: the text of each row; with ``codes`` the different texts.
        codes: the place in ``values`` of the text of each row, shape (n,); None where each row has its own.
    """

    __slots__ = ("codes", "values")

    def __init__(self, values: Sequence[str], codes: np.ndarray | None = None) -> None:
        self.values = values
        self.codes = codes

    def texts(self, written: Callable[[str], str] = str) -> list[str]:
        """Return the text of each row.

        Args:
            written: applied to each text, or to each different one.
        """
        values = list(map(written, self.values))
        return values if self.codes is None else [values[code] for code in self.codes.tolist()]

    def count(self, holds: Callable[[str], bool]) -> int:
        """Return the number of rows whose text has a property.

        Args:
            holds: says of a text whether it has it; asked once for each different one where these are known.
        """
        if self.codes is None:
            return sum(map(holds, self.values))
        return int(np.fromiter(map(holds, self.values), bool, len(self.values))[self.codes].sum())


Part = np.ndarray | TextColumn
"""Columns of a table that stand side by side: float64 of shape (n, some), or one of text."""


def cell_text(value: object) -> str:
    """Return a value of a typed format as text: ``1`` for 1.0, as CSV has it; an empty text for a missing value.

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
