"""Softmax layers, whose outputs sum to 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.modules.neuronlayer import NeuronLayer
from pybrain.tools.functions import safeExp

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


class SoftmaxLayer(NeuronLayer):
    """``y_i = exp(x_i) / sum_j exp(x_j)``, exponents clipped to [-500, 500]; shape (dim,) to (dim,).

    Backward: ``e`` unchanged. This is PyBrain's rule, which suits errors ``target - y`` of a cross entropy;
    it is not the derivative of the outputs.
    """

    def _transfer(self, x: Array) -> Array:
        z = safeExp(x)
        z /= z.sum(-1, keepdims=True)
        return z

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        return e


class PartialSoftmaxLayer(NeuronLayer):
    """A softmax over each group of ``slicelength`` neighbours; shape (size,) to (size,).

    Backward: ``e`` unchanged, as in :class:`SoftmaxLayer`.

    Args:
        size: number of neurons, a multiple of ``slicelength``.
        slicelength: neurons per group.
        name: name; generated if None.

    Attributes:
        normalized: whether the outputs are divided by their sum. PyBrain on Python 2 returns ``exp(x)`` itself,
            and so does a layer from a PyBrain pickle, which lacks the attribute, until it is set.

    Raises:
        ValueError: ``size`` is not a multiple of ``slicelength``.
    """

    slicelength = 1
    normalized = False

    def __init__(self, size: int, slicelength: int, name: str | None = None) -> None:
        if slicelength < 1 or size % slicelength:
            raise ValueError(f"size {size} cannot be divided into slices of {slicelength}")
        NeuronLayer.__init__(self, size, name=name)
        self.setArgs(slicelength=slicelength)
        self.normalized = True

    def _xmlArguments(self) -> dict[str, Any]:
        return {"name": self._name, "size": self.dim, "slicelength": self.slicelength}

    def _transfer(self, x: Array) -> Array:
        z = safeExp(x)
        if self.normalized:
            groups = z.reshape(*x.shape[:-1], -1, self.slicelength)
            groups /= groups.sum(-1, keepdims=True)
        return z

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        return e
