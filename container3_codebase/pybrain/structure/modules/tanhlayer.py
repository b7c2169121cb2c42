"""The hyperbolic tangent layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.neuronlayer import NeuronLayer

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


class TanhLayer(NeuronLayer):
    """``y = tanh(x)``; shape (dim,) to (dim,). Backward: ``(1 - y^2) e``."""

    _transfer: Any = staticmethod(np.tanh)

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        return (1.0 - y * y) * e
