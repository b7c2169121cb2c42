"""In-place kernels: how a kind of layer is computed in the buffers of the engine.

In a buffer a column is a row of the activation (or a sequence) and a row is a unit of the layer, so that the
values of a unit are contiguous in memory. A kind without a kernel is computed by its ``forward`` function.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pybrain_runtime.io.record import Protocol
from pybrain_runtime.network.layers.formulas import EXPONENT_LIMIT, Array

if TYPE_CHECKING:
    from numpy.random import RandomState

Operation = Callable[[], object]
"""One step of a computation, bound to its arrays."""


class KernelContext(Protocol):
    """What a kernel needs of the run that it computes in: the dtype, constants and random numbers."""

    @property
    def dtype(self) -> np.dtype:
        """float64 or float32."""

    @property
    def random(self) -> RandomState | None:
        """The random number generator; None if no layer needs one."""

    def scalar(self, value: float) -> Array:
        """Return a constant of shape ()."""

    def row(self, value: float) -> Array:
        """Return a constant that broadcasts over the units: shape (1, columns) or ()."""

    def column(self, values: Array) -> Array:
        """Return a constant for each unit, shape (units, 1)."""


class Operands:
    """The arrays that a kernel works on: views into the buffers of one run.

    Attributes:
        context: the source of constants and random numbers.
        z: the net input, shape (indim, columns), in the kernel's input order and multiplied by its input scale;
            may be overwritten.
        y: receives the outputs, shape (outdim, columns); shares memory with ``z`` if the sizes allow.
        state: values kept from one time step to the next, shape (units, columns); may be empty.
        scratch: space for intermediate results, shape (units, columns); may be empty.
    """

    __slots__ = ("context", "scratch", "state", "y", "z")

    def __init__(self, context: KernelContext, z: Array, y: Array, state: Array, scratch: Array) -> None:
        self.context = context
        self.z = z
        self.y = y
        self.state = state
        self.scratch = scratch


Bind = Callable[[Operands], list[Operation]]
"""Creates the operations of a kernel for its operands."""


class Kernel:
    """How a layer is computed in place.

    Attributes:
        bind: creates the operations.
        bind_tanh: creates the operations of a sigmoid that write t = 2 y - 1 instead of y; the weights of cells that
            read it account for the difference. None for all other kernels.
        input_scale: factors of the net input, in the kernel's order, shape (indim,); None for ones.
        input_order: index of the net input at each position of the kernel's order; None for the layer's own order.
        state_units: number of units that are kept from one time step to the next.
        scratch_units: number of units of scratch space.
        temporaries: number of values per column that are allocated during the computation.
        random: whether the outputs are drawn at random.
    """

    __slots__ = (
        "bind",
        "bind_tanh",
        "input_order",
        "input_scale",
        "random",
        "scratch_units",
        "state_units",
        "temporaries",
    )

    def __init__(
        self,
        bind: Bind,
        *,
        bind_tanh: Bind | None = None,
        input_scale: Array | None = None,
        input_order: np.ndarray | None = None,
        state_units: int = 0,
        scratch_units: int = 0,
        temporaries: int = 0,
        random: bool = False,
    ) -> None:
        self.bind = bind
        self.bind_tanh = bind_tanh
        self.input_scale = input_scale
        self.input_order = input_order
        self.state_units = state_units
        self.scratch_units = scratch_units
        self.temporaries = temporaries
        self.random = random


def copy_kernel() -> Kernel:
    """Return the kernel of y = x."""
    return Kernel(lambda on: [] if on.y is on.z else [partial(np.copyto, on.y, on.z)])


def sigmoid_scale(dtype: np.dtype) -> float:
    """Return the input scale that ``sigmoid_operations`` expects."""
    return -1.0 if dtype == np.float64 else 0.5


def sigmoid_operations(context: KernelContext, z: Array, y: Array) -> list[Operation]:
    """Return the operations of y = sigmoid(x).

    In float32 it is (tanh(x / 2) + 1) / 2, one transcendental function and no division.

    Args:
        context: the source of constants.
        z: x times ``sigmoid_scale``; it is overwritten.
        y: receives the result; may be ``z``.
    """
    if context.dtype == np.float64:
        one, limit = context.scalar(1.0), context.row(EXPONENT_LIMIT)
        return [
            lambda: np.minimum(z, limit, out=z),  # partial() is slow with keywords
            partial(np.exp, z, z),
            partial(np.add, z, one, z),
            partial(np.divide, one, z, y),
        ]
    half = context.scalar(0.5)
    return [partial(np.tanh, z, z), partial(np.multiply, z, half, z), partial(np.add, z, half, y)]
