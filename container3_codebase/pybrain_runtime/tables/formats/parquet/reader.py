"""Reads rows from Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.formats.columnar_reader import ColumnarReader, RowChunk
from pybrain_runtime.tables.formats.parquet.compact_thrift import DamagedStruct
from pybrain_runtime.tables.formats.parquet.pages import check_pages
from pybrain_runtime.tables.table_file import TableFile

_BUFFER, _BUFFERS, _LEAST_BUFFER = 1 << 20, 1 << 25, 1 << 14


class ParquetReader(ColumnarReader):
    """Reads a Parquet file. One page of each selected column is in memory at a time (usually 1 MB).

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
        ActivationError: the file is damaged, its columns are not numbers, or they do not fit the network.
    """

    def __init__(
        self, file: TableFile, selector: ColumnSelector, *, skip: bool = False, fast: bool = False
    ) -> None:
        self._input = file.file
        self._file = opened(file)
        self.total: int = self._file.metadata.num_rows
        super().__init__(file.name, self._file.schema_arrow, selector, skip=skip, fast=fast)
        if self.columns.texts:
            self._file = buffered(file.file, [self.header[place] for place in self.columns.texts])
        try:
            check_pages(self._file.metadata, self._wanted, file.file.duplicate(), file.name)
        except (DamagedStruct, OSError) as error:
            raise damaged(file.name, error) from None

    def chunks(self) -> Iterator[RowChunk]:
        """Yield the rows in chunks of a bounded number of values."""
        number = 1
        try:
            for batch in self._file.iter_batches(self._chunk_rows, columns=self._wanted, use_threads=False):
                if batch.num_rows:
                    yield RowChunk(number, batch, number - 1 + batch.num_rows)
                    number += batch.num_rows
            self._input.check_unchanged()
        except (pa.ArrowException, OSError) as error:
            raise damaged(self._name, error) from None


def opened(file: TableFile) -> Any:
    """Return a file as a ``pyarrow.parquet.ParquetFile``, and hash it.

    Raises:
        ActivationError: the file is damaged.
    """
    for _ in file.blocks():  # hashes the whole file, which is then not read in order
        pass
    try:
        source = buffered(file.file)
        tuple(source.schema_arrow.names)  # which decodes them
        return source
    except UnicodeDecodeError:
        raise damaged(file.name, ValueError("a name is not UTF-8")) from None
    except (pa.ArrowException, OSError) as error:
        raise damaged(file.name, error) from None


def damaged(name: str, error: Exception) -> ActivationError:
    """Return the error for a file that pyarrow cannot read.

    Args:
        name: the file's name.
        error: the exception that pyarrow raised.
    """
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return ActivationError(f"{name} is a damaged Parquet file: {reason}.", hint="Copy or write it again.")


def buffered(file: InputFile, dictionaries: Sequence[str] = ()) -> Any:
    """Return a Parquet file, buffered and without prefetching: a row group may be as large as the file.

    Args:
        file: the file.
        dictionaries: names of text columns to read as dictionaries of distinct values.
    """
    source = file.duplicate()
    columns = max(1, parquet.read_metadata(source).num_columns)
    size = max(_LEAST_BUFFER, min(_BUFFER, _BUFFERS // columns))
    return parquet.ParquetFile(source, buffer_size=size, pre_buffer=False, read_dictionary=list(dictionaries))
