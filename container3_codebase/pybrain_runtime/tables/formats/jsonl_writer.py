"""Writes rows as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from pybrain_runtime._io.atomic_file import AtomicFile


class JsonLinesWriter:
    """Writes a JSON object per line. NaN and infinity, which JSON does not have, become ``null``.

    Args:
        names: the keys.
    """

    def __init__(self, names: Sequence[str]) -> None:
        keys = [json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in names]
        self._line = "{" + ", ".join(f"{key}: %s" for key in keys) + "}\n"

    def head(self) -> bytes:
        """Return nothing: each line has the keys."""
        return b""

    def encode(self, columns: Sequence[np.ndarray]) -> bytes | memoryview:
        """Return a line for each row."""
        numbers = np.concatenate(columns, axis=1)
        finite = bool(np.isfinite(numbers).all())
        encode = repr if finite else _finite_or_null
        return "".join(self._line % tuple(map(encode, row)) for row in numbers.tolist()).encode()

    def finalize(self, file: AtomicFile) -> AtomicFile:
        """Return the file as it is."""
        return file


def _finite_or_null(value: float) -> str:
    return repr(value) if np.isfinite(value) else "null"
