"""Layers in which one half of the input gates the other half."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.module import Module
from pybrain.structure.modules.neuronlayer import NeuronLayer

# Some are not used here: programs import them from this module, as PyBrain's has them.
from pybrain.tools.functions import sigmoid, sigmoidPrime

if TYPE_CHECKING:
    from pybrain._typing import Array


class MultiplicationLayer(NeuronLayer):
    """``y = a b`` where the input is (a, b); shape (2 dim,) to (dim,). Backward: ``(b e, a e)``.

    Args:
        dim: width of the output.
        name: name; generated if None.
    """

    def __init__(self, dim: int, name: str | None = None) -> None:
        Module.__init__(self, 2 * dim, dim, name)
        self.setArgs(dim=dim)

    def _transfer(self, x: Array) -> Array:
        a, b = _halves(x)
        return a * b

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        a, b = _halves(x)
        return np.concatenate([b * e, a * e], -1)


class GateLayer(NeuronLayer):
    """``y = s(a) b`` where the input is (a, b) and s the sigmoid; shape (2 dim,) to (dim,).

    Backward: ``(s(a) (1 - s(a)) b e, s(a) e)``.

    Args:
        dim: width of the output.
        name: name; generated if None.
    """

    def __init__(self, dim: int, name: str | None = None) -> None:
        Module.__init__(self, 2 * dim, dim, name)
        self.setArgs(dim=dim)

    def _transfer(self, x: Array) -> Array:
        a, b = _halves(x)
        return sigmoid(a) * b

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        a, b = _halves(x)
        s = sigmoid(a)
        return np.concatenate([s * (1 - s) * b * e, s * e], -1)


class DoubleGateLayer(NeuronLayer):
    """``y = (s(a) b, (1 - s(a)) b)`` where the input is (a, b); shape (2 dim,) to (2 dim,).

    Backward, with output errors (p, q): ``(s(a) (1 - s(a)) b (p - q), s(a) p + (1 - s(a)) q)``.

    Args:
        dim: half the width of the output.
        name: name; generated if None.
    """

    def __init__(self, dim: int, name: str | None = None) -> None:
        Module.__init__(self, 2 * dim, 2 * dim, name)
        self.setArgs(dim=dim)

    def _transfer(self, x: Array) -> Array:
        a, b = _halves(x)
        s = sigmoid(a)
        return np.concatenate([s * b, (1 - s) * b], -1)

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        a, b = _halves(x)
        p, q = _halves(e)
        s = sigmoid(a)
        return np.concatenate([s * (1 - s) * b * (p - q), s * p + (1 - s) * q], -1)


class SwitchLayer(NeuronLayer):
    """``y = (s(x), 1 - s(x))``; shape (dim,) to (2 dim,).

    Backward, with output errors (p, q): ``s(x) (1 - s(x)) (p - q)``.

    Args:
        dim: width of the input.
        name: name; generated if None.
    """

    def __init__(self, dim: int, name: str | None = None) -> None:
        Module.__init__(self, dim, 2 * dim, name)
        self.setArgs(dim=dim)

    def _transfer(self, x: Array) -> Array:
        s = sigmoid(x)
        return np.concatenate([s, 1 - s], -1)

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        p, q = _halves(e)
        s = sigmoid(x)
        return s * (1 - s) * (p - q)


def _halves(x: Array) -> tuple[Array, Array]:
    half = x.shape[-1] // 2
    return x[..., :half], x[..., half:]
