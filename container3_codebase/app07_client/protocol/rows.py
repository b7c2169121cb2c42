"""Rows of the caller (lists, objects, arrays, data frames) as JSON or as an array, without importing their packages."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeGuard, Union, runtime_checkable

from app07_client.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    NumericArray = NDArray[np.float64 | np.float32 | np.float16 | np.integer]


@runtime_checkable
class PandasFrame(Protocol):
    """A data frame of pandas, as far as it is used here."""

    columns: Iterable[object]

    def to_numpy(self) -> object:
        """Return the values as an array."""

    def to_dict(self, orient: Literal["records"]) -> list[dict[object, object]]:
        """Return the rows as objects."""


@runtime_checkable
class PolarsFrame(Protocol):
    """A data frame of polars, as far as it is used here."""

    def to_dicts(self) -> list[dict[str, object]]:
        """Return the rows as objects."""


@runtime_checkable
class ArrowTable(Protocol):
    """A table of pyarrow, as far as it is used here."""

    def to_pylist(self) -> list[dict[str, object]]:
        """Return the rows as objects."""


Row = Sequence[float] | Mapping[str, float]
Rows = Union[Iterable[Row], "NumericArray", PandasFrame, PolarsFrame, ArrowTable]
_KINDS = "fiub"


def is_array(rows: object) -> TypeGuard[NumericArray]:
    """Return whether rows are an array of NumPy itself, not of a subclass such as a masked array."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(rows) is numpy.ndarray


def checked_array(rows: NumericArray) -> NumericArray:
    """Return an array that can be sent.

    Raises:
        InvalidInput: it has not two dimensions, no numbers, or one that is not finite.
    """
    if rows.ndim != 2:
        raise InvalidInput(
            f"rows is an array of shape {rows.shape}; expected (n, inputs). One row is rows.reshape(1, -1)."
        )
    if rows.dtype.kind not in _KINDS + "O" or rows.dtype.itemsize > 8:
        raise InvalidInput(
            f"rows is an array of {str(rows.dtype)[:60]}; expected float64 or another type of numbers."
        )
    if rows.dtype.kind == "f":
        import numpy as np

        finite = np.isfinite(rows)
        if not finite.all():
            row, column = (int(place) for place in np.argwhere(~finite)[0])
            raise _not_finite(row, column, float(rows[row, column]))
    return rows


def instances_of(rows: object) -> list[object]:
    """Return rows as a list that ``encoded`` takes.

    Args:
        rows: lists of numbers, or objects by the names of the inputs; an array; a data frame, whose columns are
            taken by their names, or by position where they have none.

    Raises:
        InvalidInput: they are none of these.
    """
    if is_array(rows):
        return list(checked_array(rows).tolist())
    if isinstance(rows, PolarsFrame):
        return list(rows.to_dicts())
    if isinstance(rows, PandasFrame):
        return _of_pandas(rows)
    if isinstance(rows, ArrowTable):
        return list(rows.to_pylist())
    if hasattr(rows, "tolist"):
        rows = rows.tolist()
    if isinstance(rows, str | bytes | bytearray | Mapping) or not isinstance(rows, Iterable):
        raise InvalidInput(f"rows is of the type {type(rows).__name__}; expected a list of rows.")
    return list(rows)


def encoded(body: Mapping[str, object], instances: list[object]) -> bytes:
    """Return a JSON body with instances; every float keeps its value.

    Args:
        body: the other members.
        instances: the rows.

    Raises:
        InvalidInput: a value is no finite number; the first one is named.
    """
    try:
        text = json.dumps(
            {"instances": instances, **body}, allow_nan=False, separators=(",", ":"), default=_plain
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise _located(instances) or InvalidInput(f"The rows cannot be sent: {str(error)[:200]}.") from None
    return text.encode("ascii")


def encoded_object(body: Mapping[str, object]) -> bytes:
    """Return a JSON body without rows."""
    return json.dumps(body).encode("ascii")


def _of_pandas(frame: PandasFrame) -> list[object]:
    columns = list(frame.columns)
    if columns == list(range(len(columns))):
        return instances_of(frame.to_numpy())
    if not all(isinstance(name, str) for name in columns):
        raise InvalidInput("The columns of the data frame are named by values that are not text.")
    if len(set(columns)) < len(columns):
        raise InvalidInput("The data frame has several columns of the same name.")
    return list(frame.to_dict("records"))


def _plain(value: object) -> object:
    """Return what `json` can encode for a value of NumPy, or for a mapping or sequence of another type."""
    if hasattr(value, "tolist"):
        kind = getattr(getattr(value, "dtype", None), "kind", "f")
        if kind in _KINDS and getattr(value, "itemsize", 8) <= 8:
            return value.tolist()
    elif isinstance(value, Mapping):
        return dict(value)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return list(value)
    raise TypeError(f"a value is of the type {type(value).__name__}")


def _located(instances: list[object]) -> InvalidInput | None:
    """Return the error for the first value that is no finite number."""
    for place, instance in enumerate(instances):
        if isinstance(instance, Mapping):
            values: Iterable[tuple[object, object]] = instance.items()
        elif isinstance(instance, Iterable) and not isinstance(instance, str | bytes):
            values = enumerate(instance)
        else:
            values = ()
        for field, value in values:
            if isinstance(value, float) and not math.isfinite(value):
                return _not_finite(place, field, value)
            if not isinstance(value, float | int | str | None) and not hasattr(value, "tolist"):
                return _error(place, field, f"of the type {type(value).__name__}")
    return None


def _not_finite(place: int, field: object, value: float) -> InvalidInput:
    return _error(place, field, str(value))


def _error(place: int, field: object, what: str) -> InvalidInput:
    message = f"instances[{place}][{str(field)[:60]!a}] is {what}; expected a finite number."
    if isinstance(field, int):
        message = f"instances[{place}][{field}] is {what}; expected a finite number."
    return InvalidInput(message, instance=place, field=str(field)[:60])
