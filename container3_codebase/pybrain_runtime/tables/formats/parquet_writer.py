"""Writes rows as Parquet.

The metadata of a Parquet file are at its end, so an interrupted one cannot be continued. The rows are therefore
staged as raw float64 values, and converted when all of them are there.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pybrain_runtime._io.atomic_file import AtomicFile

_ROWS, _FEWEST_ROWS, _NUMBERS = 1 << 17, 1 << 10, 1 << 21
"""Rows of a row group, and numbers in one: with many columns a row group has fewer rows."""


class ParquetWriter:
    """Writes a float64 column for each name. Needs pyarrow.

    Args:
        names: names of the columns.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)

    def head(self) -> bytes:
        """Return nothing."""
        return b""

    def encode(self, columns: Sequence[np.ndarray]) -> bytes | memoryview:
        """Return the numbers row by row, eight bytes each."""
        return np.concatenate(columns, axis=1).astype("<f8", copy=False).tobytes()

    def finalize(self, file: AtomicFile) -> AtomicFile:
        """Write a Parquet file from the staged numbers; the caller discards these once it is committed."""
        import pyarrow as pa  # type: ignore[import-untyped]
        from pyarrow import parquet

        schema = pa.schema([(name, pa.float64()) for name in self._names])
        final = AtomicFile(file.path)
        try:
            with parquet.ParquetWriter(pa.PythonFile(_Sink(final), mode="w"), schema) as writer:
                for rows in self._staged(file):
                    writer.write_table(pa.table(list(rows.T.copy()), schema=schema))
            final.finish()
        except BaseException:
            final.discard()
            raise
        return final

    def _staged(self, file: AtomicFile) -> Iterator[np.ndarray]:
        """Yield the staged rows, shape (rows of a row group, columns)."""
        width = len(self._names)
        rows = max(_FEWEST_ROWS, min(_ROWS, _NUMBERS // width))
        with open(file.temporary, "rb") as staged:  # noqa: PTH123 - pathlib is not imported here
            while content := staged.read(rows * width * 8):
                yield np.frombuffer(content, "<f8").reshape(-1, width)


class _Sink(io.RawIOBase):
    """Passes what pyarrow writes to an ``AtomicFile``."""

    def __init__(self, file: AtomicFile) -> None:
        super().__init__()
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        content = bytes(data)
        self._file.write(content)
        return len(content)
