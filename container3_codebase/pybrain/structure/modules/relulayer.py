"""The rectified linear layer."""

from __future__ import annotations

import numpy as np

from pybrain.structure.modules.neuronlayer import NeuronLayer


class ReluLayer(NeuronLayer):
    """``y = x`` where x > 0, else 0; shape (dim,) to (dim,). Backward: ``e`` where x > 0, else 0."""

    def _transfer(self, x):
        return np.maximum(x, 0.0)

    def _transferError(self, e, y, x):
        return e * (x > 0)
