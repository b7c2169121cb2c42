"""The rectified linear layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.neuronlayer import NeuronLayer

if TYPE_CHECKING:
    from pybrain._typing import Array


class ReluLayer(NeuronLayer):
    """``y = x`` if x > 0, else 0; shape (dim,) to (dim,). Backward: ``e`` if x > 0, else 0."""

    def _transfer(self, x: Array) -> Array:
        return np.maximum(x, 0.0)

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        return e * (x > 0)
