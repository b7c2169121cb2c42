"""Swiping networks with bias units at the border of the grid."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pybrain.structure.connections.shared import MotherConnection, SharedFullConnection
from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.structure.networks.swiping import SwipingNetwork
from pybrain.utilities import decrementAny, reachable

if TYPE_CHECKING:
    from typing import Any

    from pybrain.structure.modulemesh import ModuleMesh


_NAME = re.compile(r"bconn(\d+)\(([\d, ]*)\)")


class BorderSwipingNetwork(SwipingNetwork):
    """A swiping network in which a bias unit replaces the missing cells beyond the border.

    The weights at the border depend on the crossed dimension and the position along the border; mirrored
    positions share their weights. Mothers are named 'bconn', the dimension and the position.

    Args:
        inmesh: mesh of the inputs.
        hiddenmesh: mesh of the hidden layers.
        outmesh: mesh of the outputs.
        **args: options of :class:`SwipingNetwork`, and those listed under Attributes.

    Attributes:
        predefined: the mothers of :class:`SwipingNetwork`, and 'bordconns' (dimension -> position -> mother).
        simpleborders: whether all positions along a border share their weights.
        extrapolateBorderValues: whether the initial weights at a position without a mother are the mean over the
            nearest predefined positions, weighted by the inverse distance, as for networks that are resized.
    """

    simpleborders = False
    extrapolateBorderValues = True

    def __init__(
        self,
        inmesh: ModuleMesh | None = None,
        hiddenmesh: ModuleMesh | None = None,
        outmesh: ModuleMesh | None = None,
        **args: Any,
    ) -> None:
        SwipingNetwork.__init__(self, inmesh, hiddenmesh, outmesh, **args)

    def _buildSwipingStructure(self, inmesh: ModuleMesh, hiddenmesh: ModuleMesh, outmesh: ModuleMesh) -> None:
        self._bias = BiasUnit(name="bias")
        self.addModule(self._bias)
        tables = self.predefined.setdefault("bordconns", {})
        self._given = {d: dict(table) for d, table in tables.items()}
        SwipingNetwork._buildSwipingStructure(self, inmesh, hiddenmesh, outmesh)
        del self._bias, self._given  # from now on the unit is found by its name

    def _restored(self) -> None:
        SwipingNetwork._restored(self)
        known: dict[int, Any] = {}
        self.predefined["bordconns"] = known
        for mother in self.motherconnections:
            parts = _NAME.fullmatch(mother.name)
            if parts:
                position = tuple(int(k) for k in parts.group(2).split(",") if k.strip())
                known.setdefault(int(parts.group(1)), {})[position] = mother
        for d in range(1, len(self.dims)):
            if 0 in known:
                known.setdefault(d, dict(known[0]))

    def _connectBorder(self, unit: Any, cell: tuple[int, ...], swipe: int, d: int) -> None:
        meat = self._meat(unit)
        mother = self._borderMother(self._borderPosition(cell, d), d, meat.indim)
        self.addConnection(SharedFullConnection(mother, self._bias, meat))

    def _borderPosition(self, cell: tuple[int, ...], d: int) -> tuple[int, ...]:
        """Return the position along the border; mirrored positions are the same."""
        if self.simpleborders:
            return ()
        others = [k for k in range(len(self.dims)) if k != d]
        return tuple(min(cell[k], self.dims[k] - 1 - cell[k]) for k in others)

    def _borderMother(self, position: tuple[int, ...], d: int, size: int) -> MotherConnection:
        d = 0 if self.symmetricdimensions else d
        known = self.predefined["bordconns"]
        table = known.setdefault(d, {})
        if position not in table:
            mother = table[position] = MotherConnection(size, name=f"bconn{d}{position}")
            if self.extrapolateBorderValues:
                self._extrapolate(mother, position, self._given.get(d, {}))
        if self.symmetricdimensions:
            for k in range(1, len(self.dims)):
                known.setdefault(k, {})[position] = table[position]
        return table[position]

    def _extrapolate(
        self, mother: MotherConnection, position: tuple[int, ...], given: dict[Any, Any]
    ) -> None:
        """Set the weights at a position from those at predefined positions further out."""
        steps = reachable(decrementAny, [position], given)
        if steps:
            weights = {known: 1 / distance for known, distance in steps.items()}
            total = sum(weight * given[known].params for known, weight in weights.items())
            mother.params[:] = total / sum(weights.values())
