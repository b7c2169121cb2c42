"""The arrays through which a FlatNet computes one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.structure.modules.softmax import SoftmaxLayer

if TYPE_CHECKING:
    from pybrain._typing import Array
    from pybrain.supervised.trainers.flatnet import FlatNet, Layer


class RowBuffers:
    """Input, output and error arrays of every layer of a FlatNet.

    Args:
        flat: the network.

    Attributes:
        x, y: input, shape (indim,), and output, shape (outdim,), of the network.
        error: error at the output, shape (outdim,).
        ins, outs, inerrs, outerrs: arrays per layer; views of the above for input and output layers.
    """

    def __init__(self, flat: FlatNet) -> None:
        self.x = np.zeros(flat.indim)
        self.y = np.zeros(flat.outdim)
        self.error = np.zeros(flat.outdim)
        self.ins: list[Array] = []
        self.outs: list[Array] = []
        self.inerrs: list[Array] = []
        self.outerrs: list[Array] = []
        for layer in flat.layers:
            self._addLayer(layer)

    def _addLayer(self, layer: Layer) -> None:
        out = np.zeros(layer.dim) if layer.outputs is None else self.y[layer.outputs]
        outerr = np.zeros(layer.dim) if layer.outputs is None else self.error[layer.outputs]
        if layer.kind is BiasUnit:
            out[:] = 1.0
        if layer.inputs is not None:
            into = self.x[layer.inputs]
            out = into if layer.linear else out
        else:
            into = out if layer.linear else np.zeros(layer.dim)
        self.ins.append(into)
        self.outs.append(out)
        self.outerrs.append(outerr)
        passes = layer.linear or layer.kind is SoftmaxLayer  # both pass the error on unchanged
        self.inerrs.append(outerr if passes else np.zeros(layer.dim))
