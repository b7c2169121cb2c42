"""The identity layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.modules.neuronlayer import NeuronLayer

if TYPE_CHECKING:
    from pybrain._typing import Array


class LinearLayer(NeuronLayer):
    """``y = x``; shape (dim,) to (dim,)."""

    def _transfer(self, x: Array) -> Array:
        return x

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        return e
