"""The logistic layer."""

from __future__ import annotations

import numpy as np

from pybrain.structure.modules.neuronlayer import NeuronLayer
from pybrain.tools.functions import EXPONENT_LIMIT


def _sigmoid(x):
    """:func:`pybrain.tools.functions.sigmoid` for arrays, working in one buffer because it runs per row."""
    z = np.negative(x)
    np.maximum(z, -EXPONENT_LIMIT, out=z)
    np.minimum(z, EXPONENT_LIMIT, out=z)
    np.exp(z, z)
    z += 1.0
    return np.divide(1.0, z, z)


class SigmoidLayer(NeuronLayer):
    """``y = 1 / (1 + exp(-x))``, the exponent cut to [-500, 500]; shape (dim,) to (dim,).

    Backward: ``y (1 - y) e``.
    """

    _transfer = staticmethod(_sigmoid)

    def _transferError(self, e, y, x):
        return y * (1.0 - y) * e
