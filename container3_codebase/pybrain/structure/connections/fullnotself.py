"""Connections from every neuron to every neuron but itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.connections.full import FullConnection

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


class FullNotSelfConnection(FullConnection):
    """Like :class:`FullConnection`, but the diagonal of W counts as 0.

    The diagonal is stored with the other parameters, so the layout is the same.

    Attributes:
        diagonalTrained: whether the diagonal gets derivatives, as if it were used. PyBrain does this, so it is
            true for connections from a PyBrain pickle, which lack the attribute; the outputs do not depend on
            it.

    Raises:
        ValueError: the two slices differ in width; both widths are named.
    """

    diagonalTrained = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.diagonalTrained = False
        FullConnection.__init__(self, *args, **kwargs)
        if self.indim != self.outdim:
            raise ValueError(
                f"{self!r}: {self.indim} outputs cannot be connected one to one with {self.outdim} inputs"
            )

    def _mask(self) -> Array:
        return 1.0 - np.eye(self.outdim)

    def _contribution(self, y: Array) -> Array:
        return y.dot((self._matrix() * self._mask()).T)

    def _contributionError(self, e: Array, y: Array) -> Array:
        derivs = self.derivs.reshape(self.outdim, self.indim)
        added = e.T.dot(y) if e.ndim == 2 else e[:, None] * y
        derivs += added if self.diagonalTrained else added * self._mask()
        return e.dot(self._matrix() * self._mask())
