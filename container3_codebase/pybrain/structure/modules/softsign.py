"""The softsign layer."""

from __future__ import annotations

import numpy as np

from pybrain.structure.modules.neuronlayer import NeuronLayer


class SoftSignLayer(NeuronLayer):
    """``y = x / (1 + |x|)``; shape (dim,) to (dim,). Backward: ``(1 - |y|)^2 e``."""

    def _transfer(self, x):
        return x / (1.0 + np.abs(x))

    def _transferError(self, e, y, x):
        return (1.0 - np.abs(y)) ** 2 * e
