"""Writes rows compressed with gzip.

An interrupted gzip file cannot be continued at a row. The rows are therefore staged uncompressed, and compressed when
they are complete.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.io.input_file import BLOCK
from pybrain_runtime.tables.formats.interface import RowWriter
from pybrain_runtime.tables.text_column import Part

_GZIP = 31
_LEVEL = 6


class GzipWriter:
    """Compresses what another writer writes. The same rows give the same bytes: the file has no timestamp and no name.

    Args:
        writer: encodes the rows.
    """

    def __init__(self, writer: RowWriter) -> None:
        self._writer = writer

    def head(self) -> bytes:
        """Return the bytes that the uncompressed file begins with."""
        return self._writer.head()

    def encode(self, columns: Sequence[Part]) -> bytes | memoryview:
        """Return the uncompressed bytes of some rows."""
        return self._writer.encode(columns)

    def finalize(self, file: AtomicFile) -> AtomicFile:
        """Write a compressed file from the staged one; the caller discards this once the other is committed."""
        final = AtomicFile(file.path)
        packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        try:
            with open(file.temporary, "rb") as staged:  # noqa: PTH123 - pathlib is not imported here
                while block := staged.read(BLOCK):
                    final.write(packing.compress(block))
            final.write(packing.flush())
            final.finish()
        except BaseException:
            final.discard()
            raise
        return final
