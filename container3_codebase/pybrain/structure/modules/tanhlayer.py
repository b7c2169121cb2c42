"""The hyperbolic tangent layer."""

from __future__ import annotations

import numpy as np

from pybrain.structure.modules.neuronlayer import NeuronLayer


class TanhLayer(NeuronLayer):
    """``y = tanh(x)``; shape (dim,) to (dim,). Backward: ``(1 - y^2) e``."""

    _transfer = staticmethod(np.tanh)

    def _transferError(self, e, y, x):
        return (1.0 - y * y) * e
