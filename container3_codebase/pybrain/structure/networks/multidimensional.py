"""Recurrent networks over grids of any dimension, unfolded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.connections.identity import IdentityConnection
from pybrain.structure.modulemesh import ModuleMesh
from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.modules.mdlstm import MDLSTMLayer
from pybrain.structure.modules.sigmoidlayer import SigmoidLayer
from pybrain.structure.modules.tanhlayer import TanhLayer
from pybrain.structure.moduleslice import ModuleSlice
from pybrain.structure.networks.swiping import SwipingNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pybrain.structure.modules.module import Module


class MultiDimensionalRNN(SwipingNetwork):
    """A swiping network over a grid, with one input layer 'input' and one output layer 'output'.

    The input, shape (cells * insize,), and the output, shape (cells * outsize,), list the cells with the last
    coordinate varying fastest.

    Args:
        dims: number of cells along each dimension.
        **args: options, listed under Attributes.

    Attributes:
        insize: number of inputs per cell.
        hsize: number of hidden neurons per cell and swipe.
        outsize: number of outputs per cell.
        hiddenclass: class of the hidden layers.
        outcomponentclass: class of the output layer.
    """

    insize = 1
    hsize = 5
    outsize = 1
    hiddenclass: Any = TanhLayer
    outcomponentclass = SigmoidLayer

    def __init__(self, dims: Sequence[int], **args: Any) -> None:
        SwipingNetwork.__init__(self, dims=tuple(int(d) for d in dims), **args)
        cells = 1
        for d in self.dims:
            cells *= d
        inmesh = ModuleMesh.viewOnFlatLayer(LinearLayer(cells * self.insize, name="input"), self.dims)
        outmesh = ModuleMesh.viewOnFlatLayer(
            self.outcomponentclass(cells * self.outsize, name="output"), self.dims
        )
        hiddenmesh = ModuleMesh(self._hiddenModule, (*self.dims, 2 ** len(self.dims)), "hidden")
        self._buildSwipingStructure(inmesh, hiddenmesh, outmesh)
        self.sortModules()

    def _hiddenModule(self) -> Module:
        return self.hiddenclass(self.hsize)


class MultiDimensionalLSTM(MultiDimensionalRNN):
    """The same network with LSTM cells; states are passed along identity connections, one per dimension.

    Source: A. Graves, S. Fernandez, J. Schmidhuber, "Multi-Dimensional Recurrent Neural Networks", 2007.

    Args:
        dims: number of cells along each dimension.
        **args: the options of :class:`MultiDimensionalRNN`, and ``peepholes``.
    """

    hiddenclass = MDLSTMLayer
    peepholes = False

    def _hiddenModule(self) -> Module:
        return self.hiddenclass(self.hsize, dimensions=len(self.dims), peepholes=self.peepholes)

    def _meat(self, unit: Any) -> ModuleSlice:
        return unit.meatSlice()

    def _connectStep(self, before: Any, unit: Any, d: int) -> None:
        MultiDimensionalRNN._connectStep(self, before, unit, d)
        states = unit.stateSlice()
        slot = ModuleSlice(states, d * unit.dim, (d + 1) * unit.dim, 0, unit.dim)
        self.addConnection(IdentityConnection(before.stateSlice(), slot))
