"""What Parquet and Arrow have in common: columns with types, whose batches become rows of float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from pybrain_runtime._io.printable import shortened
from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.batch import RejectedRow, RowBatch
from pybrain_runtime.tables.column_errors import ColumnTypeError
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.column_selector import ColumnSelector

_ROWS, _NUMBERS = 1 << 15, 1 << 18


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


class ColumnarReader:
    """Chooses the columns, and parses their batches.

    Attributes:
        header: names of the columns.
        columns: the selected columns.
        fast: as given; reading uses pyarrow in any case.

    Args:
        name: the file's name, for messages.
        schema: the ``pyarrow.Schema``.
        selector: chooses the columns.
        skip: whether invalid rows are rejected instead of raising an error.
        fast: whether pyarrow may be used for CSV.

    Raises:
        ActivationError: the columns are not numbers, or do not fit the network.
    """

    def __init__(self, name: str, schema: Any, selector: ColumnSelector, *, skip: bool, fast: bool) -> None:
        self.fast = fast
        self._name = name
        self._skip = skip
        try:
            self.header: tuple[str, ...] = tuple(schema.names)
        except UnicodeDecodeError:
            raise ActivationError(
                f"{name} has a column whose name is not UTF-8.", hint="Write the file again."
            ) from None
        selector.check_width(len(self.header), 1)
        selector.check_distinct(self.header)
        self.columns: ColumnSelection = selector.select(len(self.header), self.header, 1)
        self._places = (*self.columns.inputs, *self.columns.targets)
        self._wanted = [self.header[place] for place in self._places]
        for place in self._places:
            if not is_number(schema.field(place).type):
                raise ColumnTypeError(
                    f"{self._name}, {self._column_label(place)}: its values are of type "
                    f"{str(schema.field(place).type)[:200]}, not numbers.",
                    column=place + 1,
                )

    @property
    def _chunk_rows(self) -> int:
        """Rows of a chunk: its number of values is bounded."""
        return max(1, min(_ROWS, _NUMBERS // len(self._wanted)))

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
        place = int(np.argmin(np.isfinite(values)))
        value = chunk.batch.column(chunk.batch.schema.get_field_index(self._wanted[place]))[row].as_py()
        what = "the value is missing (null)" if value is None else f"{value!r} is not a finite number"
        number = chunk.number + row
        text = f"{self._column_label(self._places[place])}: {what}."
        if not self._skip:
            raise ActivationError(
                f"{self._name} row {number}, {text}",
                hint="Every cell of a row must hold a number.",
                line=number,
                column=self._places[place] + 1,
            )
        return RejectedRow(number, text, ",".join(map(repr, values.tolist())))

    def _column_label(self, place: int) -> str:
        return f"column {place + 1} ({shortened(self.header[place])})"


def _as_floats(column: Any) -> Any:
    """Return a column as float64, each value rounded to the nearest, as Python does."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary.take(column.indices)  # which checks the indices
    if pa.types.is_decimal(column.type):  # its cast to float64 is off by one bit in the last place
        column = column.cast(pa.string())
    return column.cast(pa.float64(), safe=False)


def is_number(kind: Any) -> bool:
    """Return whether the values of a ``pyarrow.DataType`` are numbers."""
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))
