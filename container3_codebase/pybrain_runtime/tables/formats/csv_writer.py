"""Writes rows as CSV."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pybrain_runtime._io.atomic_file import AtomicFile


class CsvWriter:
    """Writes comma-separated values with LF line ends. Numbers read back as the same float64.

    Args:
        names: the header.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def head(self) -> bytes:
        """Return the header."""
        return (",".join(map(_cell, self._names)) + "\n").encode()

    def encode(self, columns: Sequence[np.ndarray]) -> bytes | memoryview:
        """Return a line for each row."""
        rows = np.concatenate(columns, axis=1).tolist()
        return "".join(f"{','.join(map(repr, row))}\n" for row in rows).encode("ascii")

    def finalize(self, file: AtomicFile) -> AtomicFile:
        """Return the file as it is."""
        return file


class ArrowCsvWriter(CsvWriter):
    """Writes the same bytes with pyarrow."""

    def encode(self, columns: Sequence[np.ndarray]) -> bytes | memoryview:
        """Return a line for each row."""
        from pybrain_runtime.tables.formats.csv_arrow import csv_lines

        return csv_lines([column for some in columns for column in some.T])


def _cell(name: str) -> str:
    if any(mark in name for mark in ',"\r\n'):
        return '"' + name.replace('"', '""') + '"'
    return name
