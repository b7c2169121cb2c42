"""Writes rows as an Arrow stream: one batch for each chunk of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from pybrain_runtime._io.atomic_file import AtomicFile


class ArrowWriter:
    """Writes a float64 column for each name.

    The end of the file is the end of the stream, so that an interrupted run can be continued.

    Args:
        names: names of the columns.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._schema = pa.schema([(name, pa.float64()) for name in names])

    def head(self) -> bytes:
        """Return the message with the schema."""
        return bytes(self._schema.serialize())

    def encode(self, columns: Sequence[np.ndarray]) -> bytes | memoryview:
        """Return the message of a batch."""
        arrays = [pa.array(np.ascontiguousarray(column)) for part in columns for column in part.T]
        return memoryview(pa.record_batch(arrays, schema=self._schema).serialize())

    def finalize(self, file: AtomicFile) -> AtomicFile:
        """Return the file as it is."""
        return file
