"""A device and the array library that computes on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from pybrain_runtime._io.record import Record
from pybrain_runtime.network.layers.formulas import Array


class ArrayModule(Protocol):
    """What is used of an array library. Its arrays take part in NumPy's functions (NEP 13 and NEP 18).

    The formulas of the layers are written with NumPy's functions, which pass arrays of another library on to it.
    """

    def asarray(self, a: np.ndarray, /) -> Array:
        """Return an array of the library with the values of a NumPy array."""

    def zeros(self, shape: tuple[int, int], /) -> Array:
        """Return an array of zeros, float64."""

    def ones(self, shape: tuple[int, int], /) -> Array:
        """Return an array of ones, float64."""


class Device(Record):
    """A device.

    Attributes:
        name: as users know it, ``NVIDIA H200``.
        arrays: its array library.
        fetch: returns the NumPy array with the values of one of its arrays.
        memory: its free memory in bytes.
        limit: sets an upper bound, in bytes, on the memory that the library takes from now on.
    """

    name: str
    arrays: ArrayModule
    fetch: Callable[[Array], np.ndarray]
    memory: int
    limit: Callable[[int], object]
