"""Writes rows as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.tables.text_column import Part, TextColumn


class CsvWriter:
    """Writes comma-separated values with LF line endings. Numbers read back as the same float64.

    Args:
        names: the header.
        decimal_comma: whether cells are separated by semicolons, and numbers have a decimal comma.
    """

    def __init__(self, names: Sequence[str], *, decimal_comma: bool = False) -> None:
        self._names = names
        self._decimal_comma = decimal_comma
        self._delimiter = ";" if decimal_comma else ","

    def head(self) -> bytes:
        """Return the header."""
        return (self._delimiter.join(map(self._cell, self._names)) + "\n").encode()

    def encode(self, columns: Sequence[Part]) -> bytes | memoryview:
        """Return a line for each row."""
        arrays = [part for part in columns if isinstance(part, np.ndarray)]
        if len(arrays) == len(columns):
            rows = np.concatenate(arrays, axis=1).tolist()
            numbers = "".join(f"{self._delimiter.join(map(repr, row))}\n" for row in rows)
            return (numbers.replace(".", ",") if self._decimal_comma else numbers).encode("ascii")
        cells = [column for part in columns for column in self._cells(part)]
        return "".join(f"{self._delimiter.join(row)}\n" for row in zip(*cells, strict=True)).encode(
            "utf-8", "backslashreplace"
        )

    def finalize(self, file: AtomicFile) -> AtomicFile:
        """Return the file as it is."""
        return file

    def _cells(self, part: Part) -> Iterator[list[str]]:
        """Yield the cells of columns."""
        if isinstance(part, TextColumn):
            yield part.texts(self._cell)
            return
        for column in part.T.tolist():
            numbers = list(map(repr, column))
            yield [number.replace(".", ",") for number in numbers] if self._decimal_comma else numbers

    def _cell(self, text: str) -> str:
        if any(mark in text for mark in (self._delimiter, '"', "\r", "\n")):
            return '"' + text.replace('"', '""') + '"'
        return text


class ArrowCsvWriter(CsvWriter):
    """Writes the same bytes with pyarrow."""

    def encode(self, columns: Sequence[Part]) -> bytes | memoryview:
        """Return a line for each row."""
        from pybrain_runtime.tables.formats.csv.arrow_parser import csv_lines

        split: list[np.ndarray | TextColumn] = []
        for part in columns:
            split.extend([part] if isinstance(part, TextColumn) else part.T)
        texts = [part for part in split if isinstance(part, TextColumn)]
        # A point in a string is kept, and pyarrow cannot write cells that are already quoted.
        if texts and (self._decimal_comma or any(self._cell(t) != t for part in texts for t in part.values)):
            return super().encode(columns)
        lines = csv_lines(split, self._delimiter)
        return lines.tobytes().replace(b".", b",") if self._decimal_comma else lines
