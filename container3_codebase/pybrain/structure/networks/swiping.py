"""Networks that sweep over a grid in every direction, with the same weights everywhere.

The recurrence is unfolded: there is one hidden layer per cell and direction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.connections.shared import MotherConnection, SharedFullConnection
from pybrain.structure.moduleslice import ModuleSlice
from pybrain.structure.networks.feedforward import FeedForwardNetwork

if TYPE_CHECKING:
    from typing import Any

    from pybrain.structure.modulemesh import ModuleMesh


class SwipingNetwork(FeedForwardNetwork):
    """An input mesh, an output mesh, and a hidden mesh with one more dimension: the direction of the swipe.

    In swipe number s, dimension d is traversed backwards if bit d of s is set. Every hidden layer gets the
    input of its cell and the hidden layers of the cells before it; the output gets the hidden layers of all
    swipes of its cell. Weights are shared: one mother for the inputs ('inconn'), one for the outputs
    ('outconn'), and one for the steps ('hconn0', or 'hconn' and the dimension).

    Args:
        inmesh: mesh of the inputs.
        hiddenmesh: mesh of the hidden layers, with 2 ** dimensions swipes as the last dimension.
        outmesh: mesh of the outputs.
        predefined: mothers to use instead of new ones, in the form of the attribute of the same name.
        **args: options: ``symmetricdimensions``, ``name``.

    Attributes:
        predefined: the mothers: 'inconn', 'outconn', and 'hconns' (dimension -> mother).
        symmetricdimensions: whether steps along all dimensions share their weights.
        dims: the number of cells along each dimension.
        swipes: the number of swipes.
    """

    symmetricdimensions = True
    dims: tuple[int, ...] = ()
    swipes = 0
    predefined: Any = None

    def __init__(
        self,
        inmesh: ModuleMesh | None = None,
        hiddenmesh: Any = None,
        outmesh: Any = None,
        predefined: dict[str, Any] | None = None,
        **args: Any,
    ) -> None:
        self.predefined = {} if predefined is None else predefined
        FeedForwardNetwork.__init__(self, **args)
        if inmesh is not None:
            self._buildSwipingStructure(inmesh, hiddenmesh, outmesh)
            self.sortModules()

    def _buildSwipingStructure(self, inmesh: ModuleMesh, hiddenmesh: ModuleMesh, outmesh: ModuleMesh) -> None:
        if not inmesh.dims == outmesh.dims == hiddenmesh.dims[:-1]:
            raise ValueError(
                f"the meshes differ: input {inmesh.dims}, output {outmesh.dims}, "
                f"hidden {hiddenmesh.dims[:-1]} (without swipes)"
            )
        self.setArgs(dims=inmesh.dims)
        self.swipes = 2 ** len(self.dims)
        if hiddenmesh.dims[-1] != self.swipes:
            raise ValueError(
                f"{len(self.dims)} dimensions need {self.swipes} swipes, not {hiddenmesh.dims[-1]}"
            )
        self._addMeshes(inmesh, hiddenmesh, outmesh)
        self._defineMothers(inmesh, hiddenmesh, outmesh)
        for cell in inmesh.components:
            for swipe in range(self.swipes):
                self._connectCell(inmesh, hiddenmesh, outmesh, cell, swipe)

    def _addMeshes(self, inmesh: ModuleMesh, hiddenmesh: ModuleMesh, outmesh: ModuleMesh) -> None:
        for component in inmesh:
            self.addInputModule(_base(component))
        for component in outmesh:
            self.addOutputModule(_base(component))
        for component in hiddenmesh:
            self.addModule(_base(component))

    def _defineMothers(self, inmesh: ModuleMesh, hiddenmesh: ModuleMesh, outmesh: ModuleMesh) -> None:
        into, hidden, out = next(iter(inmesh)), self._meat(next(iter(hiddenmesh))), next(iter(outmesh))
        known = self.predefined
        if "inconn" not in known:
            known["inconn"] = MotherConnection(into.outdim * hidden.indim, name="inconn")
        if "outconn" not in known:
            known["outconn"] = MotherConnection(hidden.outdim * out.indim, name="outconn")
        if "hconns" not in known:
            known["hconns"] = {}
        for d in range(len(self.dims)):
            if d not in known["hconns"]:
                if d > 0 and self.symmetricdimensions:
                    known["hconns"][d] = known["hconns"][0]
                else:
                    known["hconns"][d] = MotherConnection(hidden.outdim * hidden.indim, name=f"hconn{d}")

    def _restored(self) -> None:
        FeedForwardNetwork._restored(self)
        self.predefined = {"hconns": {}}
        for mother in self.motherconnections:
            if mother.name.startswith("hconn"):
                self.predefined["hconns"][int(mother.name[5:])] = mother
            elif mother.name in ("inconn", "outconn"):
                self.predefined[mother.name] = mother
        self.swipes = 2 ** len(self.dims)
        first = self.predefined["hconns"].get(0)
        if first is not None:
            for d in range(1, len(self.dims)):
                self.predefined["hconns"].setdefault(d, first)

    def _connectCell(
        self,
        inmesh: ModuleMesh,
        hiddenmesh: ModuleMesh,
        outmesh: ModuleMesh,
        cell: tuple[int, ...],
        swipe: int,
    ) -> None:
        unit = hiddenmesh[(*cell, swipe)]
        meat = self._meat(unit)
        self.addConnection(SharedFullConnection(self.predefined["inconn"], inmesh[cell], meat))
        self.addConnection(SharedFullConnection(self.predefined["outconn"], meat, outmesh[cell]))
        for d in range(len(self.dims)):
            before = self._predecessor(cell, swipe, d)
            if before is None:
                self._connectBorder(unit, cell, swipe, d)
            else:
                self._connectStep(hiddenmesh[(*before, swipe)], unit, d)

    def _connectStep(self, before: Any, unit: Any, d: int) -> None:
        mother = self.predefined["hconns"][d]
        self.addConnection(SharedFullConnection(mother, self._meat(before), self._meat(unit)))

    def _connectBorder(self, unit: Any, cell: tuple[int, ...], swipe: int, d: int) -> None:
        """Do nothing: at the border there is no previous cell to connect."""

    def _meat(self, unit: Any) -> Any:
        """Return the part of a hidden module that has weighted connections."""
        return unit

    def _predecessor(self, cell: tuple[int, ...], swipe: int, d: int) -> tuple[int, ...] | None:
        """Return the cell before ``cell`` along dimension ``d`` in this swipe, or None at the border."""
        before = list(cell)
        before[d] += 1 if swipe >> d & 1 else -1
        return tuple(before) if 0 <= before[d] < self.dims[d] else None


def _base(component: Any) -> Any:
    return component.base if isinstance(component, ModuleSlice) else component
