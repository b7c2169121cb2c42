"""The logistic layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.neuronlayer import NeuronLayer

# Some are not used here: programs import them from this module, as PyBrain's has them.
from pybrain.tools.functions import EXPONENT_LIMIT, sigmoid

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


def _sigmoid(x: Array) -> Array:
    """Compute :func:`pybrain.tools.functions.sigmoid` in one buffer, because it runs per row."""
    z = np.negative(x)
    np.maximum(z, -EXPONENT_LIMIT, out=z)
    np.minimum(z, EXPONENT_LIMIT, out=z)
    np.exp(z, z)
    z += 1.0
    return np.divide(1.0, z, z)


class SigmoidLayer(NeuronLayer):
    """``y = 1 / (1 + exp(-x))``, the exponent clipped to [-500, 500]; shape (dim,) to (dim,).

    Backward: ``y (1 - y) e``.
    """

    _transfer: Any = staticmethod(_sigmoid)

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        return y * (1.0 - y) * e
