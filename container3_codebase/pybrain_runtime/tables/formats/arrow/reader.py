"""Reads rows from Arrow streams."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import ipc

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.batch import RowBatch
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.formats.arrow.messages import count_rows
from pybrain_runtime.tables.formats.columnar_reader import ColumnarReader, RowChunk
from pybrain_runtime.tables.table_file import TableFile


class ArrowReader(ColumnarReader):
    """Reads an Arrow stream. The file is mapped into memory, so that a batch may be as large as the file.

    Attributes:
        header: names of the columns.
        columns: the selected columns.
        total: number of rows in the file.
        fast: the argument ``fast``; reading uses pyarrow in any case.

    Args:
        file: the file.
        selector: selects the columns.
        skip: whether invalid rows are rejected instead of raising an error.
        fast: whether pyarrow may be used for CSV.

    Raises:
        ActivationError: the stream is damaged, a batch is too large when decompressed, or the columns are not numbers
            or do not fit the network.
    """

    def __init__(
        self, file: TableFile, selector: ColumnSelector, *, skip: bool = False, fast: bool = False
    ) -> None:
        self._input = file.file
        for _ in file.blocks():  # hashes the whole file
            pass
        try:
            schema = ipc.open_stream(self._mapped()).schema
            super().__init__(file.name, schema, selector, skip=skip, fast=fast)
            self.total: int = count_rows(self._mapped(), file.name)
        except (pa.ArrowException, OSError, struct.error) as error:
            raise _damaged(file.name, error) from None

    def chunks(self) -> Iterator[RowChunk]:
        """Yield the rows in chunks of a bounded number of values."""
        done, rows = 0, self._chunk_rows
        try:
            options = ipc.IpcReadOptions(
                included_fields=sorted({*self._places, *self.columns.texts}), use_threads=False
            )
            for batch in ipc.open_stream(self._mapped(), options=options):
                batch.validate()
                for start in range(0, batch.num_rows, rows):
                    part = batch.slice(start, rows)
                    yield RowChunk(done + 1, part, done + part.num_rows)
                    done += part.num_rows
            self._input.check_unchanged()
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self._name, error) from None

    def parse(self, chunk: Any) -> RowBatch:
        """Return the rows of a chunk."""
        try:
            return super().parse(chunk)
        except pa.ArrowException as error:
            raise _damaged(self._name, error) from None

    def _mapped(self) -> Any:
        return pa.memory_map(self._input.path)


def _damaged(name: str, error: Exception) -> ActivationError:
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return ActivationError(
        f"{name} is a damaged Arrow stream: {reason[:300]}.", hint="Copy or write it again."
    )
