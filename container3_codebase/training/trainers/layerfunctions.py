"""The forward and backward passes of layers for batches, as lists of NumPy calls on preallocated arrays.

Arrays have shape (dim, rows). As in ``pybrain.supervised.trainers.rowfunctions``, all operands are arrays, because
converting a scalar costs more than an operation on a few numbers. The formulas are those of the layers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from pybrain.structure import LinearLayer, ReluLayer, SigmoidLayer, SoftmaxLayer, TanhLayer
from pybrain.structure.modules.softsign import SoftSignLayer
from pybrain.tools.functions import EXPONENT_LIMIT
from training.trainers.base import Array

Steps: TypeAlias = list[Callable[[], Any]]

_ZERO, _ONE = np.array(0.0), np.array(1.0)
_LIMIT = np.array(EXPONENT_LIMIT)


def _nothing(x: Array, y: Array) -> Steps:
    return [] if x is y else [partial(np.copyto, y, x)]


def _no_factor(y: Array, error: Array) -> Steps:
    return []


def _sigmoid(x: Array, y: Array) -> Steps:
    # exp may overflow to infinity, whose reciprocal is 0 instead of PyBrain's 7e-218.
    return [
        partial(np.negative, x, y),
        partial(np.exp, y, y),
        partial(np.add, y, _ONE, y),
        partial(np.divide, _ONE, y, y),
    ]


def _sigmoid_back(y: Array, error: Array) -> Steps:
    slope = np.empty(y.shape)
    return [
        partial(np.subtract, _ONE, y, slope),
        partial(np.multiply, slope, y, slope),
        partial(np.multiply, error, slope, error),
    ]


def _tanh(x: Array, y: Array) -> Steps:
    return [partial(np.tanh, x, y)]


def _tanh_back(y: Array, error: Array) -> Steps:
    slope = np.empty(y.shape)
    return [
        partial(np.multiply, y, y, slope),
        partial(np.subtract, _ONE, slope, slope),
        partial(np.multiply, error, slope, error),
    ]


def _relu(x: Array, y: Array) -> Steps:
    return [partial(np.maximum, x, _ZERO, out=y)]


def _relu_back(y: Array, error: Array) -> Steps:
    positive = np.empty(y.shape, dtype=bool)
    return [partial(np.greater, y, _ZERO, positive), partial(np.multiply, error, positive, error)]


def _softsign(x: Array, y: Array) -> Steps:
    size = np.empty(x.shape)
    return [
        partial(np.absolute, x, size),
        partial(np.add, size, _ONE, size),
        partial(np.divide, x, size, y),
    ]


def _softsign_back(y: Array, error: Array) -> Steps:
    slope = np.empty(y.shape)
    return [
        partial(np.absolute, y, slope),
        partial(np.subtract, _ONE, slope, slope),
        partial(np.multiply, slope, slope, slope),
        partial(np.multiply, error, slope, error),
    ]


def _softmax(x: Array, y: Array) -> Steps:
    total = np.empty((1, x.shape[1]))
    return [
        partial(np.minimum, x, _LIMIT, out=y),
        partial(np.maximum, y, -_LIMIT, out=y),
        partial(np.exp, y, y),
        partial(np.add.reduce, y, 0, None, total, True),
        partial(np.divide, y, total, y),
    ]


# Layer class -> (forward(x, y), backward(y, error)). `forward` returns the steps that compute y from x, which may be
# the same array; `backward` those that multiply the error by the derivative. Softmax needs no multiplication: the
# error is the derivative of cross-entropy with respect to the input of the layer.
FUNCTIONS: dict[type, tuple[Callable[[Array, Array], Steps], Callable[[Array, Array], Steps]]] = {
    LinearLayer: (_nothing, _no_factor),
    SigmoidLayer: (_sigmoid, _sigmoid_back),
    TanhLayer: (_tanh, _tanh_back),
    ReluLayer: (_relu, _relu_back),
    SoftSignLayer: (_softsign, _softsign_back),
    SoftmaxLayer: (_softmax, _no_factor),
}
