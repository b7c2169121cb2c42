"""A network that plays the capture game on boards of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.connections.identity import IdentityConnection
from pybrain.structure.modulemesh import ModuleMesh
from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.modules.mdlstm import MDLSTMLayer
from pybrain.structure.modules.sigmoidlayer import SigmoidLayer
from pybrain.structure.modules.tanhlayer import TanhLayer
from pybrain.structure.moduleslice import ModuleSlice
from pybrain.structure.networks.borderswiping import BorderSwipingNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Self

    from pybrain.structure.connections.shared import MotherConnection


class CaptureGameNetwork(BorderSwipingNetwork):
    """A border-swiping network over a square board.

    The layer 'input', shape (size * size * insize,), says for each point whether it has a stone of each side. The
    layer 'output', shape (size * size,), rates a move to each point between 0 and 1.

    Args:
        **args: options of :class:`BorderSwipingNetwork`, and those listed under Attributes.

    Attributes:
        size: number of points along a side of the board.
        insize: number of inputs per point.
        hsize: number of hidden neurons per point and swipe.
        outputs: number of outputs per point.
        componentclass: class of the hidden layers.
        peepholes: whether hidden layers that have peepholes use them.
    """

    size = 5
    insize = 2
    hsize = 5
    outputs = 1
    componentclass = TanhLayer
    peepholes = False
    rebuilt = False

    def __init__(self, **args: Any) -> None:
        BorderSwipingNetwork.__init__(self, **args)
        if self._name is None:
            component = "" if self.componentclass is TanhLayer else f"-{self.componentclass.__name__}"
            self._name = f"{type(self).__name__}-s{self.size}-h{self.hsize}{component}--{self._serial()}"
        self.setArgs(dims=(self.size, self.size))
        points = self.size * self.size
        inmesh = ModuleMesh.viewOnFlatLayer(LinearLayer(points * self.insize, name="input"), self.dims)
        outmesh = ModuleMesh.viewOnFlatLayer(SigmoidLayer(points * self.outputs, name="output"), self.dims)
        hidden = ModuleMesh(self._hiddenModule, (*self.dims, 4), "hidden")
        self._buildSwipingStructure(inmesh, hidden, outmesh)
        self.sortModules()
        # PyBrain's XML reader builds the structure a second time unless the file says that it exists.
        self.setArgs(rebuilt=True)

    def _hiddenModule(self) -> Any:
        component: Any = self.componentclass  # the constructor depends on the class
        if issubclass(component, MDLSTMLayer):
            return component(self.hsize, dimensions=2, peepholes=self.peepholes)
        if hasattr(component, "peepholes"):
            return component(self.hsize, peepholes=self.peepholes)
        return component(self.hsize)

    def _meat(self, unit: Any) -> Any:
        return unit.meatSlice() if isinstance(unit, MDLSTMLayer) else unit

    def _connectStep(self, before: Any, unit: Any, d: int) -> None:
        BorderSwipingNetwork._connectStep(self, before, unit, d)
        if isinstance(unit, MDLSTMLayer):  # each dimension has a slot for the states before it
            slot = ModuleSlice(unit.stateSlice(), d * unit.dim, (d + 1) * unit.dim, 0, unit.dim)
            self.addConnection(IdentityConnection(before.stateSlice(), slot))

    def _restored(self) -> None:
        BorderSwipingNetwork._restored(self)
        hidden = self["hidden(0, 0, 0)"]
        if hidden is not None and "componentclass" not in vars(self) and type(hidden) is not TanhLayer:
            self.setArgs(componentclass=type(hidden))  # PyBrain's XML does not hold it

    def _serial(self) -> int:
        from pybrain.utilities import Named

        return next(Named._nameIds)

    def resizedTo(self, newsize: int) -> Self:
        """Return a network with these weights for a board of another size; it shares no memory with this one.

        On a larger board, positions along the border that this network does not have get the weights of the
        nearest ones that it has.

        Args:
            newsize: number of points along a side of the new board.
        """
        if newsize == self.size:
            return self.copy()
        import copy

        predefined = copy.deepcopy(self.predefined)
        for mother in _mothers(predefined):
            mother.owner = None
        options = {"insize": self.insize, "hsize": self.hsize, "componentclass": self.componentclass}
        options |= {"peepholes": self.peepholes, "outputs": self.outputs, "simpleborders": self.simpleborders}
        return type(self)(size=newsize, predefined=predefined, **options)


def _mothers(predefined: dict[Any, Any]) -> Iterator[MotherConnection]:
    for value in predefined.values():
        if isinstance(value, dict):
            yield from _mothers(value)
        else:
            yield value
