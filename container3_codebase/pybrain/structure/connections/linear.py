"""One to one, each with a weight of its own."""

from __future__ import annotations

from pybrain.structure.connections.connection import Connection
from pybrain.structure.parametercontainer import ParameterContainer


class LinearConnection(Connection, ParameterContainer):
    """Adds ``w y``, element by element; indim parameters.

    Attributes:
        trainable: whether the weights get derivatives. True for connections made here. PyBrain never trains
            them, so one that comes from a PyBrain pickle, which has no such attribute, stays untrained until
            it is set.

    Raises:
        ValueError: the two slices differ in width; both widths are named.
    """

    trainable = False

    def __init__(
        self, inmod, outmod, name=None, inSliceFrom=0, inSliceTo=None, outSliceFrom=0, outSliceTo=None
    ):
        Connection.__init__(self, inmod, outmod, name, inSliceFrom, inSliceTo, outSliceFrom, outSliceTo)
        if self.indim != self.outdim:
            raise ValueError(f"{self!r}: {self.indim} outputs cannot go one to one to {self.outdim} inputs")
        ParameterContainer.__init__(self, self.indim)
        self.trainable = True

    def _contribution(self, y):
        return y * self.params

    def _contributionError(self, e, y):
        if self.trainable:
            derivs = self.derivs
            derivs += (e * y).reshape(-1, self.indim).sum(0)
        return e * self.params
