"""The forward and backward pass of a layer for one row, as lists of NumPy calls on fixed arrays.

The numbers are those of the layers' own `forward` and `backward`, which have the formulas. Operands are
always arrays, never plain numbers, because for so few values converting an operand costs more than the
operation.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.modules.relulayer import ReluLayer
from pybrain.structure.modules.sigmoidlayer import SigmoidLayer
from pybrain.structure.modules.softmax import SoftmaxLayer
from pybrain.structure.modules.softsign import SoftSignLayer
from pybrain.structure.modules.tanhlayer import TanhLayer
from pybrain.tools.functions import EXPONENT_LIMIT

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


def _linear(x: Array, y: Array) -> list[partial[Any]]:
    return [partial(np.copyto, y, x)]


def _passError(x: Array, y: Array, outerr: Array, inerr: Array) -> list[partial[Any]]:
    return [partial(np.copyto, inerr, outerr)]


def _sigmoid(x: Array, y: Array) -> list[partial[Any]]:
    limit, one = np.full(x.shape, EXPONENT_LIMIT), np.ones(x.shape)
    # No clipping below -500: 1 + exp(-500) is already 1.
    return [
        partial(np.negative, x, y),
        partial(np.minimum, y, limit, out=y),
        partial(np.exp, y, y),
        partial(np.add, y, one, y),
        partial(np.reciprocal, y, y),
    ]


def _sigmoidBack(x: Array, y: Array, outerr: Array, inerr: Array) -> list[partial[Any]]:
    return [
        partial(np.subtract, np.ones(y.shape), y, inerr),
        partial(np.multiply, y, inerr, inerr),
        partial(np.multiply, inerr, outerr, inerr),
    ]


def _tanh(x: Array, y: Array) -> list[partial[Any]]:
    return [partial(np.tanh, x, y)]


def _tanhBack(x: Array, y: Array, outerr: Array, inerr: Array) -> list[partial[Any]]:
    return [
        partial(np.multiply, y, y, inerr),
        partial(np.subtract, np.ones(y.shape), inerr, inerr),
        partial(np.multiply, inerr, outerr, inerr),
    ]


def _relu(x: Array, y: Array) -> list[partial[Any]]:
    zero, positive = np.zeros(x.shape), np.empty(x.shape, dtype=bool)
    return [partial(np.greater, x, zero, positive), partial(np.multiply, x, positive, y)]


def _reluBack(x: Array, y: Array, outerr: Array, inerr: Array) -> list[partial[Any]]:
    zero, positive = np.zeros(x.shape), np.empty(x.shape, dtype=bool)
    return [partial(np.greater, x, zero, positive), partial(np.multiply, outerr, positive, inerr)]


def _softsign(x: Array, y: Array) -> list[partial[Any]]:
    return [
        partial(np.absolute, x, y),
        partial(np.add, y, np.ones(x.shape), y),
        partial(np.divide, x, y, y),
    ]


def _softsignBack(x: Array, y: Array, outerr: Array, inerr: Array) -> list[partial[Any]]:
    return [
        partial(np.absolute, y, inerr),
        partial(np.subtract, np.ones(y.shape), inerr, inerr),
        partial(np.multiply, inerr, inerr, inerr),
        partial(np.multiply, inerr, outerr, inerr),
    ]


def _softmax(x: Array, y: Array) -> list[partial[Any]]:
    limit, total = np.full(x.shape, EXPONENT_LIMIT), np.empty(1)
    return [
        partial(np.minimum, x, limit, out=y),
        partial(np.maximum, y, -limit, out=y),
        partial(np.exp, y, y),
        partial(np.add.reduce, y, 0, None, total, True),
        partial(np.divide, y, total, y),
    ]


# Layer class -> (forward(x, y), backward(x, y, outerr, inerr)). Both take the layer's arrays, of shape
# (dim,), and return a list of functions without arguments that compute on these arrays.
FUNCTIONS = {
    LinearLayer: (_linear, _passError),
    SigmoidLayer: (_sigmoid, _sigmoidBack),
    TanhLayer: (_tanh, _tanhBack),
    ReluLayer: (_relu, _reluBack),
    SoftSignLayer: (_softsign, _softsignBack),
    SoftmaxLayer: (_softmax, _passError),
}
