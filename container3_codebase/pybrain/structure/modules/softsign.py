"""The softsign layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.neuronlayer import NeuronLayer

if TYPE_CHECKING:
    from pybrain._typing import Array


class SoftSignLayer(NeuronLayer):
    """``y = x / (1 + |x|)``; shape (dim,) to (dim,). Backward: ``(1 - |y|)^2 e``."""

    def _transfer(self, x: Array) -> Array:
        return x / (1.0 + np.abs(x))

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        return (1.0 - np.abs(y)) ** 2 * e
