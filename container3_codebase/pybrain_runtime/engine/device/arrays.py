"""A device and the array library that computes on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from pybrain_runtime.io.record import Record
from pybrain_runtime.network.layers.formulas import Array


class ArrayModule(Protocol):
    """The functions of an array library that are used. NumPy's functions accept its arrays (NEP 13 and NEP 18).

    The formulas of the layers are written with NumPy's functions, which pass arrays of another library on to it.
    """

    def asarray(self, a: np.ndarray, /) -> Array:
        """Return an array of the library with the values of a NumPy array."""

    def zeros(self, shape: tuple[int, int], /) -> Array:
        """Return an array of zeros, float64."""

    def ones(self, shape: tuple[int, int], /) -> Array:
        """Return an array of ones, float64."""


class Device(Record):
    """A device, such as a GPU, and its array library.

    Attributes:
        name: the name that users know, such as ``NVIDIA H200``.
        arrays: its array library.
        fetch: copies one of its arrays to a NumPy array.
        memory: returns its free memory in bytes.
        limit: limits the memory that the library allocates from now on, in bytes.
    """

    name: str
    arrays: ArrayModule
    fetch: Callable[[Array], np.ndarray]
    memory: int
    limit: Callable[[int], object]
