"""Writes rows as Parquet.

The metadata of a Parquet file are at its end, so an interrupted one cannot be continued. The rows are therefore
staged as raw float64 values, and converted when they are complete.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.tables.text_column import Part

if TYPE_CHECKING:
    from pybrain_runtime.tables.formats.arrow.writer import ArrowWriter

_ROWS, _FEWEST_ROWS, _NUMBERS = 1 << 17, 1 << 10, 1 << 21
"""Maximum number of rows, and of values, in a row group: with many columns it has fewer rows."""


class ParquetWriter:
    """Writes a float64 or text column for each name. Needs pyarrow.

    Rows with text are staged as an Arrow stream.

    Args:
        names: names of the columns.
        texts: positions of the text columns.
    """

    def __init__(self, names: Sequence[str], texts: Collection[int] = ()) -> None:
        self._names = list(names)
        self._texts = frozenset(texts)
        self._stream: ArrowWriter | None = None
        if texts:
            from pybrain_runtime.tables.formats.arrow.writer import ArrowWriter

            self._stream = ArrowWriter(names, texts)

    def head(self) -> bytes:
        """Return the bytes that the staged rows begin with."""
        return self._stream.head() if self._stream else b""

    def encode(self, columns: Sequence[Part]) -> bytes | memoryview:
        """Return the numbers row by row, eight bytes each; with text, the message of a batch."""
        if self._stream:
            return self._stream.encode(columns)
        arrays = [part for part in columns if isinstance(part, np.ndarray)]
        return np.concatenate(arrays, axis=1).astype("<f8", copy=False).tobytes()

    def finalize(self, file: AtomicFile) -> AtomicFile:
        """Write a Parquet file from the staged numbers; the caller discards these once it is committed."""
        import pyarrow as pa  # type: ignore[import-untyped]
        from pyarrow import parquet

        schema = pa.schema(
            [
                (name, pa.string() if place in self._texts else pa.float64())
                for place, name in enumerate(self._names)
            ]
        )
        final = AtomicFile(file.path)
        try:
            with parquet.ParquetWriter(pa.PythonFile(_Sink(final), mode="w"), schema) as writer:
                if self._stream:
                    self._write_batches(file, writer)
                else:
                    for rows in self._staged(file):
                        writer.write_table(pa.table(list(rows.T.copy()), schema=schema))
            final.finish()
        except BaseException:
            final.discard()
            raise
        return final

    def _write_batches(self, file: AtomicFile, writer: Any) -> None:
        """Write the staged batches, many in each row group."""
        import pyarrow as pa

        rows, batches = 0, []
        with pa.OSFile(file.temporary) as staged:  # mapped pages would count as this process's memory
            for batch in pa.ipc.open_stream(staged):
                batches.append(batch)
                rows += batch.num_rows
                if rows >= _ROWS:
                    writer.write_table(pa.Table.from_batches(batches).combine_chunks())
                    rows, batches = 0, []
            if batches:
                writer.write_table(pa.Table.from_batches(batches).combine_chunks())

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
