"""The layer that changes nothing."""

from __future__ import annotations

from pybrain.structure.modules.neuronlayer import NeuronLayer


class LinearLayer(NeuronLayer):
    """``y = x``; shape (dim,) to (dim,)."""

    def _transfer(self, x):
        return x

    def _transferError(self, e, y, x):
        return e
