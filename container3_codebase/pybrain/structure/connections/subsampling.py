"""The mean of a slice, weighted."""

from __future__ import annotations

from pybrain.structure.connections.connection import Connection
from pybrain.structure.parametercontainer import ParameterContainer


class SubsamplingConnection(Connection, ParameterContainer):
    """Adds ``mean(y) w``: the mean of the input slice times one weight per output; outdim parameters."""

    def __init__(
        self, inmod, outmod, name=None, inSliceFrom=0, inSliceTo=None, outSliceFrom=0, outSliceTo=None
    ):
        Connection.__init__(self, inmod, outmod, name, inSliceFrom, inSliceTo, outSliceFrom, outSliceTo)
        ParameterContainer.__init__(self, self.outdim)

    def _contribution(self, y):
        return y.mean(-1, keepdims=True) * self.params

    def _contributionError(self, e, y):
        derivs = self.derivs
        derivs += (e * y.mean(-1, keepdims=True)).reshape(-1, self.outdim).sum(0)
        back = e.dot(self.params) / self.indim
        return back[..., None].repeat(self.indim, -1)
