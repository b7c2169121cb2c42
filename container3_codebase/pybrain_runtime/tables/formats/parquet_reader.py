"""Rows out of a Parquet file, some at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

from pybrain_runtime._io.input_file import InputFile
from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.batch import RejectedRow, RowBatch
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.formats.csv_cells import visible
from pybrain_runtime.tables.table_file import TableFile

_ROWS, _NUMBERS = 1 << 15, 1 << 18
_BUFFER, _BUFFERS, _LEAST_BUFFER = 1 << 20, 1 << 25, 1 << 14


class RowChunk:
    """Some rows of the file.

    Attributes:
        number: the number of the first one, counted from 1.
        batch: their columns.
        end: how many rows have been cut so far.
    """

    __slots__ = ("batch", "end", "number")

    def __init__(self, number: int, batch: Any, end: int) -> None:
        self.number = number
        self.batch = batch
        self.end = end


class ParquetReader:
    """Reads a Parquet file. Of each column that is needed, one page is in memory at a time (usually 1 MB).

    Attributes:
        total: rows of the file.
        header: names of the columns.
        columns: which columns are what.

    Args:
        incoming: the file.
        choice: the network, and the columns that were chosen.
        skip: whether rows that cannot be answered are left out.

    Raises:
        ActivationError: it is damaged, or its columns are not numbers, or do not fit the network.
    """

    def __init__(self, incoming: TableFile, choice: ColumnSelector, *, skip: bool = False) -> None:
        self._name = incoming.name
        self._skip = skip
        if not incoming.file.size:
            raise ActivationError(
                f"{self._name} is a Parquet file, which cannot be read before its end is there.",
                hint="Name the file instead of piping it in.",
            )
        for _ in incoming.blocks():  # it is not read in order; its hash is of the whole file
            pass
        self._incoming = incoming.file
        try:
            self._file = _opened(incoming.file)
            self.total: int = self._file.metadata.num_rows
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from None
        schema = self._file.schema_arrow
        self.header: tuple[str, ...] = tuple(schema.names)
        choice.check_width(len(self.header), 1)
        choice.check_distinct(self.header)
        self.columns: ColumnSelection = choice.of(len(self.header), self.header, 1)
        self._wanted = [self.header[place] for place in (*self.columns.inputs, *self.columns.targets)]
        for place in (*self.columns.inputs, *self.columns.targets):
            if not _is_number(schema.field(place).type):
                raise ActivationError(
                    f"{self._name}, {self._where(place)}: its values are of type {schema.field(place).type}, "
                    "not numbers.",
                    hint="Choose columns of numbers with INPUT_COLUMNS.",
                    column=place + 1,
                )

    def parts(self) -> Iterator[RowChunk]:
        """Yields the file, some rows at a time."""
        number = 1
        try:
            rows = max(1, min(_ROWS, _NUMBERS // len(self._wanted)))
            for batch in self._file.iter_batches(rows, columns=self._wanted, use_threads=False):
                if batch.num_rows:
                    yield RowChunk(number, batch, number - 1 + batch.num_rows)
                    number += batch.num_rows
            self._incoming.check_unchanged()
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from None

    def rows(self, part: Any) -> RowBatch:
        """Returns the rows of a part."""
        assert isinstance(part, RowChunk)
        numbers = np.empty((len(self._wanted), part.batch.num_rows))
        for place, name in enumerate(self._wanted):
            column = part.batch.column(part.batch.schema.get_field_index(name))
            # What is missing becomes NaN, which is then found to be no number.
            numbers[place] = _as_floats(column).to_numpy(zero_copy_only=False)
        finite = np.isfinite(numbers)
        rejected: list[RejectedRow] = []
        if not finite.all():
            good = finite.all(axis=0)
            rejected = [self._rejected(part, row, numbers[:, row]) for row in np.flatnonzero(~good).tolist()]
            numbers = numbers[:, good]
        count = len(self.columns.inputs)
        targets = numbers[count:].T if self.columns.targets else None
        return RowBatch(numbers[:count].T, targets, first=part.number, rejected=rejected)

    def _rejected(self, part: RowChunk, row: int, values: np.ndarray) -> RejectedRow:
        wanted = (*self.columns.inputs, *self.columns.targets)
        place = int(np.argmin(np.isfinite(values)))
        value = part.batch.column(part.batch.schema.get_field_index(self._wanted[place]))[row].as_py()
        what = "there is nothing (null)" if value is None else f"{value!r} is not a finite number"
        number = part.number + row
        text = f"{self._where(wanted[place])}: {what}."
        if not self._skip:
            raise ActivationError(
                f"{self._name} row {number}, {text}",
                hint="Every cell of a row must hold a number.",
                line=number,
                column=wanted[place] + 1,
            )
        return RejectedRow(number, text, ",".join(map(repr, values.tolist())))

    def _where(self, place: int) -> str:
        return f"column {place + 1} ({visible(self.header[place])[1:-1]})"

    def _damaged(self, error: Exception) -> ActivationError:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        return ActivationError(
            f"{self._name} is a damaged Parquet file: {reason}.", hint="Copy or write it again."
        )


def _opened(file: InputFile) -> Any:
    """Returns a Parquet file, buffered and not in advance: one of its row groups may be as large as all of it."""
    source = file.again()
    columns = max(1, parquet.read_metadata(source).num_columns)
    size = max(_LEAST_BUFFER, min(_BUFFER, _BUFFERS // columns))
    return parquet.ParquetFile(source, buffer_size=size, pre_buffer=False)


def _as_floats(column: Any) -> Any:
    """Returns a column as float64, each value the nearest one, as Python rounds."""
    if pa.types.is_decimal(column.type):  # its cast to float64 is off by a bit in the last place
        column = column.cast(pa.string())
    return column.cast(pa.float64(), safe=False)


def _is_number(kind: Any) -> bool:
    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))
