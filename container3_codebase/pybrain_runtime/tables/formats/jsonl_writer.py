"""Predictions as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from pybrain_runtime._io.atomic_file import AtomicFile


class JsonLinesWriter:
    """An object on each line: names and numbers; ``null`` for what JSON has no word for (NaN, infinity).

    Args:
        names: the keys.
    """

    def __init__(self, names: Sequence[str]) -> None:
        keys = [json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in names]
        self._line = "{" + ", ".join(f"{key}: %s" for key in keys) + "}\n"

    def head(self) -> bytes:
        """Returns nothing: the keys are on every line."""
        return b""

    def rows(self, columns: Sequence[np.ndarray]) -> bytes | memoryview:
        """Returns a line for each row."""
        numbers = np.concatenate(columns, axis=1)
        finite = bool(np.isfinite(numbers).all())
        word = repr if finite else _word
        return "".join(self._line % tuple(map(word, row)) for row in numbers.tolist()).encode()

    def finished(self, table: AtomicFile) -> AtomicFile:
        """Returns the file as it is."""
        return table


def _word(value: float) -> str:
    return repr(value) if np.isfinite(value) else "null"
