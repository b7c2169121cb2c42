"""What a prediction is written as: CSV, JSON lines or Parquet, as the ending of its file says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from pybrain_runtime._io.atomic_file import AtomicFile
from pybrain_runtime._io.paths import split_ending

_PARQUET = (".parquet", ".pq")
_JSON_LINES = (".jsonl", ".ndjson")


class Format(Protocol):
    """Turns rows into the bytes of a file. Rows may be encoded by several threads."""

    def head(self) -> bytes:
        """Returns what the file begins with."""

    def rows(self, columns: Sequence[np.ndarray]) -> bytes | memoryview:
        """Returns rows as they are written; each array has the shape (n, some columns)."""

    def finished(self, table: AtomicFile) -> AtomicFile:
        """Takes the finished file with all rows in it; returns the one that gets the name, finished, too."""


def open_row_writer(path: str, names: Sequence[str], *, fast: bool = False) -> Format:
    """Returns the format for a file.

    Args:
        path: the file; its ending decides, and anything else than Parquet and JSON lines is CSV.
        names: names of the columns.
        fast: whether pyarrow may write CSV.

    Raises:
        PartMissing: it is Parquet, and pyarrow is not installed.
    """
    ending = split_ending(path)[1].lower()
    if ending in _PARQUET:
        from pybrain_runtime.tables.formats.parquet_writer import ParquetWriter  # a large library

        return ParquetWriter(path, names)
    if ending in _JSON_LINES:
        from pybrain_runtime.tables.formats.jsonl_writer import JsonLinesWriter

        return JsonLinesWriter(names)
    return ArrowCsvWriter(names) if fast else CsvWriter(names)


class CsvWriter:
    """Commas, LF, numbers that come back as the same float64.

    Args:
        names: the header.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def head(self) -> bytes:
        """Returns the line with the names."""
        return (",".join(map(_cell, self._names)) + "\n").encode()

    def rows(self, columns: Sequence[np.ndarray]) -> bytes | memoryview:
        """Returns a line for each row."""
        rows = np.concatenate(columns, axis=1).tolist()
        return "".join(f"{','.join(map(repr, row))}\n" for row in rows).encode("ascii")

    def finished(self, table: AtomicFile) -> AtomicFile:
        """Returns the file as it is."""
        return table


class ArrowCsvWriter(CsvWriter):
    """The same lines, written by pyarrow."""

    def rows(self, columns: Sequence[np.ndarray]) -> bytes | memoryview:
        """Returns a line for each row."""
        from pybrain_runtime.tables.formats.csv_arrow import csv_lines

        return csv_lines([column for some in columns for column in some.T])


def _cell(name: str) -> str:
    if any(mark in name for mark in ',"\r\n'):
        return '"' + name.replace('"', '""') + '"'
    return name
