"""The memory and the bound operations of one run of a compiled network, for a fixed number of columns."""

from __future__ import annotations

import contextvars
from collections.abc import Sequence
from functools import partial
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from pybrain_runtime.network.layers.formulas import Array
from pybrain_runtime.network.layers.kernel import Operation

if TYPE_CHECKING:
    from numpy.random import RandomState

_FEW_COLUMNS = 256
_NOTHING = np.empty((0, 0))
_ALIGNMENT = 64


def aligned_zeros(shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Return an array of zeros that is aligned to a cache line.

    NumPy's arrays are aligned to 16 bytes, and a matrix-vector product in OpenBLAS takes 10 % longer if its
    vector loads cross cache lines.

    Args:
        shape: the shape.
        dtype: float64 or float32.
    """
    size = prod(shape) * dtype.itemsize
    memory = np.zeros(size + _ALIGNMENT, np.uint8)
    start = -memory.__array_interface__["data"][0] % _ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)


class ExecutionContext:
    """The memory of one run, and the operations of the network bound to it.

    A context belongs to one run at a time; a compiled network keeps idle ones for the next run.

    Attributes:
        columns: number of rows of the activation, or sequences, that are computed at once.
        dtype: float64 or float32.
        outdim: number of outputs of the network.
        values: shape (rows, columns).
        inputs: the inputs of the current time step, shape (indim, columns).
        outputs: receives the outputs of the current time step, shape (outdim, columns).
        random: the random number generator of layers that draw their outputs; None if there is none.

    Args:
        shape: shape of ``values``.
        dtype: float64 or float32.
        indim: number of inputs of the network.
        outdim: number of outputs of the network.
    """

    __slots__ = (
        "_first",
        "_first_quietly",
        "_later",
        "_quiet",
        "_rows",
        "columns",
        "dtype",
        "indim",
        "inputs",
        "outdim",
        "outputs",
        "random",
        "values",
    )

    def __init__(self, shape: tuple[int, int], dtype: np.dtype, indim: int, outdim: int) -> None:
        self.columns = shape[1]
        self.dtype = dtype
        self.indim = indim
        self.outdim = outdim
        self.values: Array = aligned_zeros(shape, dtype)
        self.inputs: Array = _NOTHING
        self.outputs: Array = _NOTHING
        self.random: RandomState | None = None
        self._rows: dict[float, Array] = {}
        self._first: tuple[Operation, ...] = ()
        self._later: tuple[Operation, ...] = ()
        # Overflow gives infinity or NaN, as in PyBrain, and no warning. Entering a prepared context costs a tenth
        # of numpy.errstate, which matters when a single row is computed.
        self._quiet = contextvars.Context()
        self._quiet.run(np.seterr, all="ignore")
        self._first_quietly: Operation = partial(self._quiet.run, _call_all, self._first)

    def bind(self, first: Sequence[Operation], later: Sequence[Operation]) -> None:
        """Set the operations.

        Args:
            first: the operations of the first time step of a sequence.
            later: the operations of all later time steps.
        """
        self._first = tuple(first)
        self._later = tuple(later)
        self._first_quietly = partial(self._quiet.run, _call_all, self._first)

    def compute(self, inputs: Array, outputs: Array) -> None:
        """Compute one time step, the first of a sequence.

        Args:
            inputs: shape (indim, columns).
            outputs: receives the outputs, shape (outdim, columns).
        """
        self.inputs = inputs
        self.outputs = outputs
        self._first_quietly()
        self.inputs = self.outputs = _NOTHING

    def compute_sequence(self, inputs: Array, outputs: Array, steps_done: int) -> None:
        """Compute several time steps.

        Args:
            inputs: shape (steps, indim, columns).
            outputs: receives the outputs, shape (steps, outdim, columns).
            steps_done: number of time steps of the sequence that were computed before.
        """
        self._quiet.run(self._compute_sequence, inputs, outputs, steps_done)
        self.inputs = self.outputs = _NOTHING

    def _compute_sequence(self, inputs: Array, outputs: Array, steps_done: int) -> None:
        operations = self._later if steps_done else self._first
        for self.inputs, self.outputs in zip(inputs, outputs, strict=True):
            for operation in operations:
                operation()
            operations = self._later

    def scalar(self, value: float) -> Array:
        """Return a constant of shape (), which NumPy processes faster than a Python number."""
        return np.array(value, self.dtype)

    def row(self, value: float) -> Array:
        """Return a constant that broadcasts over the units: shape (1, columns), or () for few columns.

        NumPy uses vector units for some operations only if both operands are contiguous.
        """
        if self.columns < _FEW_COLUMNS:
            return self.scalar(value)
        if value not in self._rows:
            self._rows[value] = np.full((1, self.columns), value, self.dtype)
        return self._rows[value]

    def column(self, values: Array) -> Array:
        """Return a constant for each unit, shape (units, 1)."""
        return np.asarray(values, self.dtype).reshape(-1, 1)


def _call_all(operations: tuple[Operation, ...]) -> None:
    for operation in operations:
        operation()
