"""Connections from every output to every input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.connections.connection import Connection
from pybrain.structure.parametercontainer import ParameterContainer

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


class FullConnection(Connection, ParameterContainer):
    """Adds ``W y``, where W holds the parameters row by row, shape (outdim, indim).

    So ``params[o * indim + i]`` is the weight from input ``i`` to output ``o`` of the two slices.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        Connection.__init__(self, *args, **kwargs)
        ParameterContainer.__init__(self, self.indim * self.outdim)

    def _matrix(self) -> Array:
        return self.params.reshape(self.outdim, self.indim)

    def _contribution(self, y: Array) -> Array:
        return y.dot(self._matrix().T)

    def _contributionError(self, e: Array, y: Array) -> Array:
        derivs = self.derivs.reshape(self.outdim, self.indim)
        derivs += e.T.dot(y) if e.ndim == 2 else e[:, None] * y
        return e.dot(self._matrix())

    def whichBuffers(self, paramIndex: int) -> tuple[int, int]:
        """Return which output and which input of the two modules a parameter connects.

        Args:
            paramIndex: index into ``params``.

        Returns:
            (index into ``inmod.outputbuffer``, index into ``outmod.inputbuffer``).
        """
        return paramIndex % self.indim + self.inSliceFrom, paramIndex // self.indim + self.outSliceFrom
