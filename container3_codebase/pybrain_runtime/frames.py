"""Rows from a data frame of pandas or polars, and predictions as a frame of the same kind.

Neither is imported here: a frame is used through what both have, and a new one is made by the class of the old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pybrain_runtime._io.printable import enumeration, plural
from pybrain_runtime.errors import ActivationError

CLASS_COLUMN = "predicted_class"
"""The column of the predicted class, where the card has classes, in frames and files alike."""


@runtime_checkable
class Frame(Protocol):
    """What the frames of pandas and polars have in common."""

    @property
    def columns(self) -> Any:
        """The names of the columns."""

    def __getitem__(self, names: Any) -> Any:
        """Return a frame with some columns."""


FrameT = TypeVar("FrameT", bound=Frame)


def select_inputs(frame: Frame, names: Sequence[str], *, required: bool, network: str) -> Frame:
    """Return the columns of a frame that are the inputs of a network.

    Args:
        frame: of pandas or polars.
        names: the names of the inputs.
        required: whether the columns of the frame, where they have names, must be named like the inputs; otherwise a
            frame without these names is returned as it is.
        network: how errors name the network.

    Raises:
        ActivationError: columns are missing, or the frame is lazy.
    """
    if hasattr(type(frame), "collect"):
        raise ActivationError(
            "The frame is lazy: its rows are not computed yet.", hint="Give frame.collect()."
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
    """Return rows as a network takes them.

    Args:
        rows: anything that NumPy can make an array of shape (n, len(names)) of.
        names: the names of the inputs.
        network: how errors name the network.

    Raises:
        ActivationError: the shape is another one, or values are missing, infinite or not numbers.
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
    """Return a frame of the same kind, with the index of the old one where it has one.

    Args:
        frame: of pandas or polars.
        columns: the values of the new columns by name.
    """
    kind: Any = type(frame)
    index = getattr(frame, "index", None)
    made: FrameT = kind(dict(columns)) if index is None else kind(dict(columns), index=index)
    return made


def class_column(outputs: Sequence[str]) -> str:
    """Return the name of the column of the class; no output has it.

    Args:
        outputs: the names of the outputs.
    """
    name = CLASS_COLUMN
    while name in outputs:
        name = f"card_{name}"
    return name
