"""The arrays that a plan computes in, for a fixed number of columns at once."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING

import numpy as np

from pybrain_runtime.network.layers.formulas import Array
from pybrain_runtime.network.layers.kernel import Operation

if TYPE_CHECKING:
    from numpy.random import RandomState

_FEW = 256
_NOTHING = np.empty((0, 0))


class Exchange:
    """What changes from step to step.

    Attributes:
        given: the inputs, shape (indim, columns).
        answer: where the outputs go, shape (outdim, columns).
        random: where layers that draw their outputs take chance from; None where none does.
    """

    __slots__ = ("answer", "given", "random")

    def __init__(self) -> None:
        self.random: RandomState | None = None
        self.clear()

    def clear(self) -> None:
        """Lets go of what belongs to somebody else."""
        self.given: Array = _NOTHING
        self.answer: Array = _NOTHING


class Workspace:
    """One block of memory, and the operations of a program bound to it.

    A workspace belongs to one run at a time; the plan keeps those that are idle.

    Attributes:
        columns: rows of the activation, or sequences, that are computed at once.
        dtype: float64 or float32.
        indim: numbers that come in.
        outdim: numbers that go out.
        values: shape (rows, columns).
        exchange: what changes from step to step.
    """

    __slots__ = (
        "_first",
        "_later",
        "_quiet",
        "_rows",
        "columns",
        "dtype",
        "exchange",
        "indim",
        "outdim",
        "values",
    )

    def __init__(self, rows: int, columns: int, dtype: np.dtype, indim: int, outdim: int) -> None:
        self.columns = columns
        self.dtype = dtype
        self.indim = indim
        self.outdim = outdim
        self.values: Array = np.zeros((rows, columns), dtype)
        self.exchange = Exchange()
        self._rows: dict[float, Array] = {}
        self._first: tuple[Operation, ...] = ()
        self._later: tuple[Operation, ...] = ()
        # Overflow ends as infinity or NaN in the answer, as in PyBrain. Entering a context that says so costs
        # a tenth of what numpy.errstate does, which counts where one row is answered.
        self._quiet = contextvars.Context()
        self._quiet.run(np.seterr, all="ignore")

    @property
    def random(self) -> RandomState | None:
        """Where layers that draw their outputs take chance from."""
        return self.exchange.random

    def bind(self, first: list[Operation], later: list[Operation]) -> None:
        """Takes the operations of a first time step and of all later ones."""
        self._first = tuple(first)
        self._later = tuple(later)

    def step(self, given: Array, answer: Array) -> None:
        """Computes one step, the first of a sequence: answer, (outdim, columns), from given, (indim, columns)."""
        self.exchange.given = given
        self.exchange.answer = answer
        self._quiet.run(_all, self._first)
        self.exchange.clear()

    def walk(self, given: Array, answers: Array, steps: int) -> None:
        """Computes the steps of a sequence.

        Args:
            given: shape (steps, indim, columns).
            answers: shape (steps, outdim, columns).
            steps: how many steps of the sequence have been done before.
        """
        self._quiet.run(self._walk, given, answers, steps)
        self.exchange.clear()

    def _walk(self, given: Array, answers: Array, steps: int) -> None:
        exchange, operations = self.exchange, self._later if steps else self._first
        for exchange.given, exchange.answer in zip(given, answers, strict=True):
            for operation in operations:
                operation()
            operations = self._later

    # Constants, for operations while they are bound.

    def scalar(self, value: float) -> Array:
        """Returns one number as an array: NumPy takes it faster than a Python number."""
        return np.array(value, self.dtype)

    def row(self, value: float) -> Array:
        """Returns one number for each column, (1, columns), or one for all where there are few.

        NumPy uses vector units for some operations only where both operands lie in memory alike.
        """
        if self.columns < _FEW:
            return self.scalar(value)
        if value not in self._rows:
            self._rows[value] = np.full((1, self.columns), value, self.dtype)
        return self._rows[value]

    def column(self, values: Array) -> Array:
        """Returns one number for each unit, (units, 1)."""
        return np.asarray(values, self.dtype).reshape(-1, 1)


def _all(operations: tuple[Operation, ...]) -> None:
    for operation in operations:
        operation()
