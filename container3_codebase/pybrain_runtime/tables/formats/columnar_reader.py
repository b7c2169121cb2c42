"""The common part of the Parquet and Arrow readers: batches of typed columns become rows of float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.printable import shortened
from pybrain_runtime.tables.batch import RejectedRow, RowBatch
from pybrain_runtime.tables.class_labels import ClassLabels
from pybrain_runtime.tables.column_errors import ColumnTypeError
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.text_column import TextColumn, cell_text

_ROWS, _NUMBERS = 1 << 15, 1 << 18
_LONGEST_TEXT = 1 << 12


class RowChunk:
    """Consecutive rows, not yet converted to float64.

    Attributes:
        number: number of the first row, counted from 1.
        batch: the ``pyarrow.RecordBatch``.
        end: number of rows in the file up to the end of this chunk.
    """

    __slots__ = ("batch", "end", "number")

    def __init__(self, number: int, batch: Any, end: int) -> None:
        self.number = number
        self.batch = batch
        self.end = end


class ColumnarReader:
    """Selects the columns, and parses their batches.

    Attributes:
        header: names of the columns.
        columns: the selected columns.
        fast: the argument ``fast``; reading uses pyarrow in any case.

    Args:
        name: the file's name, for messages.
        schema: the ``pyarrow.Schema``.
        selector: selects the columns.
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
        self._numbers = [self.header[place] for place in self._places]
        self._wanted = list(
            dict.fromkeys([*self._numbers, *(self.header[place] for place in self.columns.texts)])
        )
        self._labels = ClassLabels(name, "row", selector.schema)
        for place in self._places:
            if not is_number(schema.field(place).type):
                raise ColumnTypeError(
                    f"{self._name}, {self._column_label(place)}: its values are of type "
                    f"{str(schema.field(place).type)[:200]}, not numbers.",
                    column=place + 1,
                )

    @property
    def _chunk_rows(self) -> int:
        """Number of rows per chunk: its number of values is bounded."""
        return max(1, min(_ROWS, _NUMBERS // len(self._wanted)))

    def parse(self, chunk: Any) -> RowBatch:
        """Return the rows of a chunk."""
        assert isinstance(chunk, RowChunk)
        numbers = np.empty((len(self._numbers), chunk.batch.num_rows))
        for place, name in enumerate(self._numbers):
            column = chunk.batch.column(chunk.batch.schema.get_field_index(name))
            # Missing values become NaN, which is then rejected as not finite.
            numbers[place] = _as_floats(column).to_numpy(zero_copy_only=False)
        good: np.ndarray = np.asarray(np.isfinite(numbers).all(axis=0))
        labels = self._expected_classes(chunk)
        if labels is not None:
            good &= labels >= 0
        rejected: list[RejectedRow] = []
        if not good.all():
            rejected = [self._rejected(chunk, row, numbers[:, row]) for row in np.flatnonzero(~good).tolist()]
            numbers = numbers[:, good]
        count = len(self.columns.inputs)
        targets = numbers[count:].T if self.columns.targets else None
        batch = RowBatch(numbers[:count].T, targets, first=chunk.number, rejected=rejected)
        batch.labels = None if labels is None else labels[good]
        batch.kept = [self._texts(chunk, place, good) for place in self.columns.keep]
        return batch

    def _expected_classes(self, chunk: RowChunk) -> np.ndarray | None:
        """Return the class index of each row, shape (n,), -1 for an unknown class; None without a class column."""
        if self.columns.label is None:
            return None
        column = self._texts(chunk, self.columns.label, np.ones(chunk.batch.num_rows, bool))
        places = [self._labels.places.get(text, -1) for text in column.values]
        found = np.array(places, dtype=np.intp)
        return found if column.codes is None else found[column.codes]

    def _texts(self, chunk: RowChunk, place: int, rows: np.ndarray) -> TextColumn:
        """Return some rows of a column as text."""
        column = chunk.batch.column(chunk.batch.schema.get_field_index(self.header[place]))
        column = column.filter(pa.array(rows)) if not rows.all() else column
        try:
            column.validate(full=True)  # an Arrow stream may have any offsets and indices
            values, codes = _values_of(column)
            texts = [cell_text(value) for value in values]
        except (UnicodeDecodeError, pa.ArrowInvalid):
            raise ActivationError(
                f"{self._name}, {self._column_label(place)} holds a string that is damaged, or not UTF-8.",
                hint="Write the file again.",
            ) from None
        if any(len(text) > _LONGEST_TEXT for text in texts):
            raise ActivationError(
                f"{self._name}, {self._column_label(place)} holds a string of more than {_LONGEST_TEXT:,} characters.",
                hint="Shorten the strings, or leave the column out.",
            )
        return TextColumn(texts, codes)

    def _rejected(self, chunk: RowChunk, row: int, values: np.ndarray) -> RejectedRow:
        number = chunk.number + row
        if np.isfinite(values).all():
            return self._rejected_class(chunk, row)
        place = int(np.argmin(np.isfinite(values)))
        value = chunk.batch.column(chunk.batch.schema.get_field_index(self._numbers[place]))[row].as_py()
        what = "the value is missing (null)" if value is None else f"{value!r} is not a finite number"
        text = f"{self._column_label(self._places[place])}: {what}."
        if not self._skip:
            raise ActivationError(
                f"{self._name} row {number}, {text}",
                hint="Every cell of a row must hold a number.",
                line=number,
                column=self._places[place] + 1,
            )
        return RejectedRow(number, text, ",".join(map(repr, values.tolist())))

    def _rejected_class(self, chunk: RowChunk, row: int) -> RejectedRow:
        assert self.columns.label is not None
        number, place = chunk.number + row, self.columns.label
        column = chunk.batch.column(chunk.batch.schema.get_field_index(self.header[place]))
        text = cell_text(column[row].as_py())
        try:
            self._labels.place(text, number, place, self.header[place])
        except ActivationError as error:
            if not self._skip:
                raise
            reason = error.message.removeprefix(f"{self._name} row {number}, ")
            return RejectedRow(number, reason, text)
        raise AssertionError("the class is known")

    def _column_label(self, place: int) -> str:
        return f"column {place + 1} ({shortened(self.header[place])})"


def _values_of(column: Any) -> tuple[list[Any], np.ndarray | None]:
    """Return the values of a column, or its distinct values and the index of each row's value.

    A long string of a dictionary may be repeated in many rows.
    """
    if not pa.types.is_dictionary(column.type):
        return column.to_pylist(), None
    values = [*column.dictionary.to_pylist(), None]
    codes: np.ndarray = (
        column.indices.cast(pa.int64()).fill_null(len(values) - 1).to_numpy(zero_copy_only=False)
    )
    return values, codes


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
