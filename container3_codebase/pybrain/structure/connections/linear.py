"""Connections that pass values on one to one, each with its own weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.connections.connection import Connection
from pybrain.structure.parametercontainer import ParameterContainer

if TYPE_CHECKING:
    from pybrain._typing import Array
    from pybrain.structure.modules.module import Module
    from pybrain.structure.moduleslice import ModuleSlice


class LinearConnection(Connection, ParameterContainer):
    """Adds ``w y`` elementwise; indim parameters.

    Attributes:
        trainable: whether the weights get derivatives. True for connections created by this library. PyBrain never
            trains them, so one from a PyBrain pickle, which lacks the attribute, stays untrained until it is
            set.

    Raises:
        ValueError: the two slices differ in width; both widths are named.
    """

    trainable = False

    def __init__(
        self,
        inmod: Module | ModuleSlice,
        outmod: Module | ModuleSlice,
        name: str | None = None,
        inSliceFrom: int = 0,
        inSliceTo: int | None = None,
        outSliceFrom: int = 0,
        outSliceTo: int | None = None,
    ) -> None:
        Connection.__init__(self, inmod, outmod, name, inSliceFrom, inSliceTo, outSliceFrom, outSliceTo)
        if self.indim != self.outdim:
            raise ValueError(
                f"{self!r}: {self.indim} outputs cannot be connected one to one with {self.outdim} inputs"
            )
        ParameterContainer.__init__(self, self.indim)
        self.trainable = True

    def _contribution(self, y: Array) -> Array:
        return y * self.params

    def _contributionError(self, e: Array, y: Array) -> Array:
        if self.trainable:
            derivs = self.derivs
            derivs += (e * y).reshape(-1, self.indim).sum(0)
        return e * self.params
