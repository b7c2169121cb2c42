"""Predictions as Parquet.

A Parquet file has its table of contents at its end, so a broken one cannot be continued. The rows are therefore
kept as plain numbers while they come, and become Parquet when all are there.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pybrain_runtime._io.atomic_file import AtomicFile
from pybrain_runtime._io.optional_packages import require_arrow

_ROWS, _FEWEST_ROWS, _NUMBERS = 1 << 17, 1 << 10, 1 << 21
"""Rows of a row group, and the numbers in one: many columns make fewer rows."""


class ParquetWriter:
    """A column of float64 for each name.

    Args:
        path: the file.
        names: names of the columns.

    Raises:
        PartMissing: pyarrow is not installed.
    """

    def __init__(self, path: str, names: Sequence[str]) -> None:
        require_arrow(f"Writing {path}, a Parquet file,")
        self._names = list(names)

    def head(self) -> bytes:
        """Returns nothing."""
        return b""

    def rows(self, columns: Sequence[np.ndarray]) -> bytes | memoryview:
        """Returns the numbers row by row, eight bytes each."""
        return np.concatenate(columns, axis=1).astype("<f8", copy=False).tobytes()

    def finished(self, table: AtomicFile) -> AtomicFile:
        """Writes the Parquet file from the numbers; these are dropped when it stands in its place."""
        import pyarrow as pa  # type: ignore[import-untyped]
        from pyarrow import parquet

        schema = pa.schema([(name, pa.float64()) for name in self._names])
        done = AtomicFile(table.path)
        try:
            with parquet.ParquetWriter(pa.PythonFile(_Sink(done), mode="w"), schema) as writer:
                for rows in self._numbers(table):
                    writer.write_table(pa.table(list(rows.T.copy()), schema=schema))
            done.finish()
        except BaseException:
            done.discard()
            raise
        return done

    def _numbers(self, table: AtomicFile) -> Iterator[np.ndarray]:
        width = len(self._names)
        rows = max(_FEWEST_ROWS, min(_ROWS, _NUMBERS // width))
        with open(table.temporary, "rb") as file:  # noqa: PTH123 - pathlib is loaded nowhere here
            while content := file.read(rows * width * 8):
                yield np.frombuffer(content, "<f8").reshape(-1, width)


class _Sink(io.RawIOBase):
    """Hands what pyarrow writes on to the file under construction."""

    def __init__(self, file: AtomicFile) -> None:
        super().__init__()
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        content = bytes(data)
        self._file.write(content)
        return len(content)
