"""Convert rows (lists, dicts, arrays, DataFrames) to JSON or an array, without importing pandas, polars or NumPy."""

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
    """The part of a pandas DataFrame that the client uses."""

    columns: Iterable[object]

    def to_numpy(self) -> object:
        """Return the values as an array."""

    def to_dict(self, orient: Literal["records"]) -> list[dict[object, object]]:
        """Return the rows as objects."""


@runtime_checkable
class PolarsFrame(Protocol):
    """The part of a polars DataFrame that the client uses."""

    def to_dicts(self) -> list[dict[str, object]]:
        """Return the rows as objects."""


@runtime_checkable
class ArrowTable(Protocol):
    """The part of a pyarrow Table that the client uses."""

    def to_pylist(self) -> list[dict[str, object]]:
        """Return the rows as objects."""


Row = Sequence[float] | Mapping[str, float]
Rows = Union[Iterable[Row], "NumericArray", PandasFrame, PolarsFrame, ArrowTable]
_KINDS = "fiub"


def is_array(rows: object) -> TypeGuard[NumericArray]:
    """Return whether rows are a plain NumPy array, not one of a subclass such as a masked array."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(rows) is numpy.ndarray


def checked_array(rows: NumericArray) -> NumericArray:
    """Check that an array can be sent, and return it as numbers.

    Raises:
        InvalidInput: the array does not have two dimensions, or holds anything but finite numbers.
    """
    if rows.ndim != 2:
        raise InvalidInput(
            f"rows is an array of shape {rows.shape}; expected (n, inputs). One row is rows.reshape(1, -1)."
        )
    if rows.dtype.kind not in _KINDS + "O" or rows.dtype.itemsize > 8:
        raise InvalidInput(
            f"rows is an array of {str(rows.dtype)[:60]}; expected float64 or another numeric type."
        )
    if rows.dtype.kind == "f":
        import numpy as np

        finite = np.isfinite(rows)
        if not finite.all():
            row, column = (int(place) for place in np.argwhere(~finite)[0])
            raise _not_finite(row, column, float(rows[row, column]))
    return rows


def instances_of(rows: object) -> list[object]:
    """Return rows as a list for ``encoded``.

    Args:
        rows: lists of numbers, or dicts by input name; an array; or a DataFrame, whose columns are matched by name,
            or by position if they have no names.

    Raises:
        InvalidInput: the rows are none of these.
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
        raise InvalidInput(f"rows has type {type(rows).__name__}; expected a list of rows.")
    return list(rows)


def encoded(body: Mapping[str, object], instances: list[object]) -> bytes:
    """Return a JSON body with rows; every float keeps its exact value.

    Args:
        body: the other members of the JSON object.
        instances: the rows.

    Raises:
        InvalidInput: a value is not a finite number; the error locates the first one.
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
        raise InvalidInput("The column names of the DataFrame are not strings.")
    if len(set(columns)) < len(columns):
        raise InvalidInput("The DataFrame has duplicate column names.")
    return list(frame.to_dict("records"))


def _plain(value: object) -> object:
    """Convert a NumPy value, a mapping or a sequence to a value that `json` can encode."""
    if hasattr(value, "tolist"):
        kind = getattr(getattr(value, "dtype", None), "kind", "f")
        if kind in _KINDS and getattr(value, "itemsize", 8) <= 8:
            return value.tolist()
    elif isinstance(value, Mapping):
        return dict(value)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return list(value)
    raise TypeError(f"a value has type {type(value).__name__}")


def _located(instances: list[object]) -> InvalidInput | None:
    """Return the error for the first value that is not a finite number."""
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
                return _error(place, field, f"of type {type(value).__name__}")
    return None


def _not_finite(place: int, field: object, value: float) -> InvalidInput:
    return _error(place, field, str(value))


def _error(place: int, field: object, what: str) -> InvalidInput:
    message = f"instances[{place}][{str(field)[:60]!a}] is {what}; expected a finite number."
    if isinstance(field, int):
        message = f"instances[{place}][{field}] is {what}; expected a finite number."
    return InvalidInput(message, instance=place, field=str(field)[:60])
