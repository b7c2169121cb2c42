"""Writes rows as an Arrow stream: one batch for each chunk of rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from pybrain_runtime.tables.formats.csv.arrow_parser import arrow_text
from pybrain_runtime.tables.text_column import Part, TextColumn

if TYPE_CHECKING:
    from pybrain_runtime.io.atomic_file import AtomicFile


class ArrowWriter:
    """Writes a float64 or text column for each name.

    The end of the file is the end of the stream, so that an interrupted run can be continued.

    Args:
        names: names of the columns.
        texts: positions of the text columns.
    """

    def __init__(self, names: Sequence[str], texts: Collection[int] = ()) -> None:
        self._schema = pa.schema(
            [(name, pa.string() if place in texts else pa.float64()) for place, name in enumerate(names)]
        )

    def head(self) -> bytes:
        """Return the message with the schema."""
        return bytes(self._schema.serialize())

    def encode(self, columns: Sequence[Part]) -> bytes | memoryview:
        """Return the message of a batch."""
        arrays: list[Any] = []
        for part in columns:
            if isinstance(part, TextColumn):
                arrays.append(arrow_text(part))
            else:
                arrays += [pa.array(np.ascontiguousarray(column)) for column in part.T]
        return memoryview(pa.record_batch(arrays, schema=self._schema).serialize())

    def finalize(self, file: AtomicFile) -> AtomicFile:
        """Return the file as it is."""
        return file
