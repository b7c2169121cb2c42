"""The constant 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.module import Module
from pybrain.structure.modules.neuronlayer import NeuronLayer

if TYPE_CHECKING:
    from pybrain._typing import Array


class BiasUnit(NeuronLayer):
    """No input, and one output that is always 1; shape (0,) to (1,).

    Args:
        name: name; generated if None.
    """

    dim = 1

    def __init__(self, name: str | None = None) -> None:
        Module.__init__(self, 0, 1, name=name)

    def _transfer(self, x: Array) -> Array:
        return np.ones((*x.shape[:-1], 1))

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        return np.zeros((*e.shape[:-1], 0))
