"""Reads rows from a pandas or polars DataFrame, and returns predictions as a DataFrame of the same kind.

Neither library is imported: only methods that both have are used, and a new frame is created by the old one's class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.printable import enumeration, plural
from pybrain_runtime.tables.class_labels import CLASS_COLUMN

if TYPE_CHECKING:
    from numpy.typing import NDArray


@runtime_checkable
class Frame(Protocol):
    """The methods that pandas and polars DataFrames have in common."""

    @property
    def columns(self) -> Any:
        """The names of the columns."""

    def __getitem__(self, names: Any) -> Any:
        """Return a frame with some columns."""


FrameT = TypeVar("FrameT", bound=Frame)


def select_inputs(frame: Frame, names: Sequence[str], *, required: bool, network: str) -> Frame:
    """Return the columns of a frame that are the inputs of a network.

    Args:
        frame: a pandas or polars DataFrame.
        names: the names of the inputs.
        required: whether the columns of the frame, if they have names, must have those of the inputs; otherwise a
            frame without these names is returned unchanged.
        network: the name of the network, for messages.

    Raises:
        ActivationError: columns are missing, or the frame is lazy.
    """
    if hasattr(type(frame), "collect"):
        raise ActivationError(
            "The frame is lazy: its rows are not computed yet.", hint="Pass frame.collect()."
        )
    there = list(frame.columns)
    missing = [name for name in names if name not in there]
    if not missing:
        selected: Frame = frame[list(names)]
        return selected
    if required and all(isinstance(name, str) for name in there):
        raise ActivationError(
            f"The frame lacks {plural(len(missing), 'input')} of {network}: {enumeration(missing)}; "
            f"it has {enumeration(there)}."
        )
    return frame


def checked_rows(rows: object, names: Sequence[str], *, network: str) -> NDArray[np.float64]:
    """Return rows as an array for a network.

    Args:
        rows: anything that NumPy can convert to an array of shape (n, len(names)).
        names: the names of the inputs.
        network: the name of the network, for messages.

    Raises:
        ActivationError: the shape is wrong, or values are missing, infinite or not numbers.
    """
    try:
        # In C order, as files are read: the columns of a frame are often contiguous, and BLAS then sums in another
        # order.
        found = np.atleast_2d(np.ascontiguousarray(rows, dtype=np.float64))
    except (TypeError, ValueError):
        raise ActivationError("The rows have values that are not numbers.") from None
    if found.ndim != 2 or found.shape[1] != len(names):
        raise ActivationError(
            f"The rows have shape {found.shape}; {network} takes {plural(len(names), 'column')}: "
            f"{enumeration(names)}."
        )
    if not np.isfinite(found).all():
        raise ActivationError("The rows have missing or infinite values.")
    return found


def frame_like(frame: FrameT, columns: Mapping[str, object]) -> FrameT:
    """Return a frame of the same kind, with the index of the old one if it has one.

    Args:
        frame: a pandas or polars DataFrame.
        columns: the values of the new columns by name.
    """
    kind: Any = type(frame)
    index = getattr(frame, "index", None)
    made: FrameT = kind(dict(columns)) if index is None else kind(dict(columns), index=index)
    return made


def class_column(outputs: Sequence[str]) -> str:
    """Return a name for the class column that no output has.

    Args:
        outputs: the names of the outputs.
    """
    name = CLASS_COLUMN
    while name in outputs:
        name = f"card_{name}"
    return name
