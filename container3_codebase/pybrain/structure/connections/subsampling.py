"""Connections that pass on the weighted mean of a slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.connections.connection import Connection
from pybrain.structure.parametercontainer import ParameterContainer

if TYPE_CHECKING:
    from pybrain._typing import Array
    from pybrain.structure.modules.module import Module
    from pybrain.structure.moduleslice import ModuleSlice


class SubsamplingConnection(Connection, ParameterContainer):
    """Adds ``mean(y) w``: the mean of the input slice times one weight per output; outdim parameters."""

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
        ParameterContainer.__init__(self, self.outdim)

    def _contribution(self, y: Array) -> Array:
        return y.mean(-1, keepdims=True) * self.params

    def _contributionError(self, e: Array, y: Array) -> Array:
        derivs = self.derivs
        derivs += (e * y.mean(-1, keepdims=True)).reshape(-1, self.outdim).sum(0)
        back = e.dot(self.params) / self.indim
        return back[..., None].repeat(self.indim, -1)
