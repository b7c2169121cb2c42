"""Writes rows as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np

from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.tables.text_column import Part, TextColumn


class JsonLinesWriter:
    """Writes a JSON object per line. NaN and infinity, which JSON does not support, become ``null``.

    Args:
        names: the keys.
    """

    def __init__(self, names: Sequence[str]) -> None:
        keys = [json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in names]
        self._line = "{" + ", ".join(f"{key}: %s" for key in keys) + "}\n"

    def head(self) -> bytes:
        """Return nothing: each line has the keys."""
        return b""

    def encode(self, columns: Sequence[Part]) -> bytes | memoryview:
        """Return a line for each row."""
        arrays = [part for part in columns if isinstance(part, np.ndarray)]
        if len(arrays) != len(columns):
            cells = [column for part in columns for column in _values(part)]
            lines = "".join(self._line % row for row in zip(*cells, strict=True))
            return lines.encode("utf-8", "backslashreplace")
        numbers = np.concatenate(arrays, axis=1)
        finite = bool(np.isfinite(numbers).all())
        encode = repr if finite else _finite_or_null
        return "".join(self._line % tuple(map(encode, row)) for row in numbers.tolist()).encode()

    def finalize(self, file: AtomicFile) -> AtomicFile:
        """Return the file as it is."""
        return file


def _values(part: Part) -> Iterator[list[str]]:
    """Yield the JSON of the values of columns."""
    if isinstance(part, TextColumn):
        yield part.texts(lambda text: json.dumps(text, ensure_ascii=False))
        return
    for column in part.T.tolist():
        yield list(map(_finite_or_null, column))


def _finite_or_null(value: float) -> str:
    return repr(value) if np.isfinite(value) else "null"
