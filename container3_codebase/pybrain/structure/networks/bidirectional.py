"""Recurrent networks that read a sequence of fixed length from both ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.connections.shared import MotherConnection, SharedFullConnection
from pybrain.structure.modulemesh import ModuleMesh
from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.modules.sigmoidlayer import SigmoidLayer
from pybrain.structure.modules.tanhlayer import TanhLayer
from pybrain.structure.networks.feedforward import FeedForwardNetwork

if TYPE_CHECKING:
    from typing import Any


class BidirectionalNetwork(FeedForwardNetwork):
    """A bidirectional recurrent network, unfolded over ``seqlen`` time steps.

    The input, shape (seqlen * inputsize,), and the output, shape (seqlen * outputsize,), are ordered by time step.
    Row 0 of the hidden mesh runs forward, row 1 backward.

    Source: M. Schuster, K. Paliwal, "Bidirectional Recurrent Neural Networks", 1997.

    Args:
        predefined: mothers to use instead of new ones: 'inconn', 'outconn', 'fconn', 'bconn'.
        **kwargs: options, listed under Attributes.

    Attributes:
        seqlen: number of time steps.
        inputsize: number of inputs per step.
        hiddensize: number of hidden neurons per step and direction.
        outputsize: number of outputs per step.
        componentclass: class of the hidden layers.
        outcomponentclass: class of the output layer.
        symmetric: whether both directions share their weights.
    """

    seqlen: Any = None
    inputsize = 1
    hiddensize = 5
    outputsize = 1
    componentclass = TanhLayer
    outcomponentclass = SigmoidLayer
    symmetric = False
    predefined: Any = None

    def __init__(self, predefined: dict[str, Any] | None = None, **kwargs: Any) -> None:
        self.predefined = {} if predefined is None else predefined
        FeedForwardNetwork.__init__(self, **kwargs)
        if self.seqlen is None:
            raise ValueError("a BidirectionalNetwork needs seqlen, the number of time steps")
        inputs = LinearLayer(self.seqlen * self.inputsize, name="input")
        outputs = self.outcomponentclass(self.seqlen * self.outputsize, name="output")
        self.addInputModule(inputs)
        self.addOutputModule(outputs)
        inmesh = ModuleMesh.viewOnFlatLayer(inputs, (self.seqlen,))
        outmesh = ModuleMesh.viewOnFlatLayer(outputs, (self.seqlen,))
        hidden = ModuleMesh.constructWithLayers(
            self.componentclass, self.hiddensize, (2, self.seqlen), "hidden"
        )
        for layer in hidden:
            self.addModule(layer)
        self._connectMeshes(inmesh, hidden, outmesh)
        self.sortModules()

    def _connectMeshes(self, inmesh: ModuleMesh, hidden: ModuleMesh, outmesh: ModuleMesh) -> None:
        example = hidden[0, 0]
        into, between = self.inputsize * example.indim, example.outdim * example.indim
        out = example.outdim * self.outputsize
        forwards = [self._mother(kind, size) for kind, size in (("inconn", into), ("outconn", out))]
        backwards = (
            forwards
            if self.symmetric
            else [self._mother(kind, size) for kind, size in (("inconn", into), ("outconn", out))]
        )
        fconn = self._mother("fconn", between)
        bconn = fconn if self.symmetric else self._mother("bconn", between)
        for t in range(self.seqlen):
            for row, (inconn, outconn) in enumerate((forwards, backwards)):
                self.addConnection(SharedFullConnection(inconn, inmesh[t], hidden[row, t]))
                self.addConnection(SharedFullConnection(outconn, hidden[row, t], outmesh[t]))
            if t > 0:
                self.addConnection(SharedFullConnection(fconn, hidden[0, t - 1], hidden[0, t]))
                self.addConnection(SharedFullConnection(bconn, hidden[1, t], hidden[1, t - 1]))

    def _restored(self) -> None:
        FeedForwardNetwork._restored(self)
        self.predefined = {}

    def _mother(self, kind: str, size: int) -> MotherConnection:
        if kind in self.predefined:
            return self.predefined[kind]
        return MotherConnection(size, name=kind)
