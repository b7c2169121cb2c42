"""Reads rows from Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

from pybrain_runtime._io.input_file import InputFile
from pybrain_runtime._io.printable import shortened
from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.batch import RejectedRow, RowBatch
from pybrain_runtime.tables.column_errors import ColumnTypeError
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.table_file import TableFile

_ROWS, _NUMBERS = 1 << 15, 1 << 18
_BUFFER, _BUFFERS, _LEAST_BUFFER = 1 << 20, 1 << 25, 1 << 14


class RowChunk:
    """Consecutive rows, not yet converted to float64.

    Attributes:
        number: number of the first row, counted from 1.
        batch: the ``pyarrow.RecordBatch``.
        end: rows of the file up to the end of this chunk.
    """

    __slots__ = ("batch", "end", "number")

    def __init__(self, number: int, batch: Any, end: int) -> None:
        self.number = number
        self.batch = batch
        self.end = end


class ParquetReader:
    """Reads a Parquet file. One page of each selected column is in memory at a time (usually 1 MB).

    Attributes:
        header: names of the columns.
        columns: the selected columns.
        total: rows of the file.
        fast: as given; reading uses pyarrow in any case.

    Args:
        file: the file.
        selector: chooses the columns.
        skip: whether invalid rows are rejected instead of raising an error.
        fast: whether pyarrow may be used for CSV.

    Raises:
        ActivationError: it is damaged, its columns are not numbers, or they do not fit the network.
    """

    def __init__(
        self, file: TableFile, selector: ColumnSelector, *, skip: bool = False, fast: bool = False
    ) -> None:
        self.fast = fast
        self._name = file.name
        self._skip = skip
        self._input = file.file
        self._file = opened(file)
        self.total: int = self._file.metadata.num_rows
        schema = self._file.schema_arrow
        self.header: tuple[str, ...] = tuple(schema.names)
        selector.check_width(len(self.header), 1)
        selector.check_distinct(self.header)
        self.columns: ColumnSelection = selector.select(len(self.header), self.header, 1)
        self._wanted = [self.header[place] for place in (*self.columns.inputs, *self.columns.targets)]
        for place in (*self.columns.inputs, *self.columns.targets):
            if not is_number(schema.field(place).type):
                raise ColumnTypeError(
                    f"{self._name}, {self._column_label(place)}: its values are of type {schema.field(place).type}, "
                    "not numbers.",
                    column=place + 1,
                )

    def chunks(self) -> Iterator[RowChunk]:
        """Yield the rows in chunks of a bounded number of values."""
        number = 1
        try:
            rows = max(1, min(_ROWS, _NUMBERS // len(self._wanted)))
            for batch in self._file.iter_batches(rows, columns=self._wanted, use_threads=False):
                if batch.num_rows:
                    yield RowChunk(number, batch, number - 1 + batch.num_rows)
                    number += batch.num_rows
            self._input.check_unchanged()
        except (pa.ArrowException, OSError) as error:
            raise damaged(self._name, error) from None

    def parse(self, chunk: Any) -> RowBatch:
        """Return the rows of a chunk."""
        assert isinstance(chunk, RowChunk)
        numbers = np.empty((len(self._wanted), chunk.batch.num_rows))
        for place, name in enumerate(self._wanted):
            column = chunk.batch.column(chunk.batch.schema.get_field_index(name))
            # Missing values become NaN, which is then rejected as not finite.
            numbers[place] = _as_floats(column).to_numpy(zero_copy_only=False)
        finite = np.isfinite(numbers)
        rejected: list[RejectedRow] = []
        if not finite.all():
            good = finite.all(axis=0)
            rejected = [self._rejected(chunk, row, numbers[:, row]) for row in np.flatnonzero(~good).tolist()]
            numbers = numbers[:, good]
        count = len(self.columns.inputs)
        targets = numbers[count:].T if self.columns.targets else None
        return RowBatch(numbers[:count].T, targets, first=chunk.number, rejected=rejected)

    def _rejected(self, chunk: RowChunk, row: int, values: np.ndarray) -> RejectedRow:
        wanted = (*self.columns.inputs, *self.columns.targets)
        place = int(np.argmin(np.isfinite(values)))
        value = chunk.batch.column(chunk.batch.schema.get_field_index(self._wanted[place]))[row].as_py()
        what = "the value is missing (null)" if value is None else f"{value!r} is not a finite number"
        number = chunk.number + row
        text = f"{self._column_label(wanted[place])}: {what}."
        if not self._skip:
            raise ActivationError(
                f"{self._name} row {number}, {text}",
                hint="Every cell of a row must hold a number.",
                line=number,
                column=wanted[place] + 1,
            )
        return RejectedRow(number, text, ",".join(map(repr, values.tolist())))

    def _column_label(self, place: int) -> str:
        return f"column {place + 1} ({shortened(self.header[place])})"


def opened(file: TableFile) -> Any:
    """Return a file as a ``pyarrow.parquet.ParquetFile``, and hash it.

    Raises:
        ActivationError: it is damaged.
    """
    for _ in file.blocks():  # to hash the whole file, which is then not read in order
        pass
    try:
        return buffered(file.file)
    except (pa.ArrowException, OSError) as error:
        raise damaged(file.name, error) from None


def damaged(name: str, error: Exception) -> ActivationError:
    """Return the error for a file that pyarrow cannot read.

    Args:
        name: the file's name.
        error: what pyarrow raised.
    """
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return ActivationError(f"{name} is a damaged Parquet file: {reason}.", hint="Copy or write it again.")


def buffered(file: InputFile, dictionaries: Sequence[str] = ()) -> Any:
    """Return a Parquet file, buffered and without prefetching: a row group may be as large as the file.

    Args:
        file: the file.
        dictionaries: names of text columns that are read with each different value once.
    """
    source = file.duplicate()
    columns = max(1, parquet.read_metadata(source).num_columns)
    size = max(_LEAST_BUFFER, min(_BUFFER, _BUFFERS // columns))
    return parquet.ParquetFile(source, buffer_size=size, pre_buffer=False, read_dictionary=list(dictionaries))


def _as_floats(column: Any) -> Any:
    """Return a column as float64, each value rounded to the nearest, as Python does."""
    if pa.types.is_decimal(column.type):  # its cast to float64 is off by one bit in the last place
        column = column.cast(pa.string())
    return column.cast(pa.float64(), safe=False)


def is_number(kind: Any) -> bool:
    """Return whether the values of a ``pyarrow.DataType`` are numbers."""
    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))
