"""What each kind of layer computes, for many rows at once.

The formulas are PyBrain's own, to the last constant: exponents are clipped at 500, so that nothing overflows;
softmax subtracts no maximum, so that it saturates where PyBrain's does. ``docs/pybrain-compatibility.md``
has them in a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from pybrain_runtime.network.description import ModuleDescription

if TYPE_CHECKING:
    Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
else:
    Array = np.ndarray
Forward = Callable[[Array], Array]
"""Takes the inputs of a layer, shape (rows, indim), returns its outputs, shape (rows, outdim)."""

EXPONENT_LIMIT = 500.0
"""PyBrain's own: what goes into an exponential is cut to -500 .. 500."""


def safe_exp(x: Array) -> Array:
    """Returns exp(x) with x clipped to -500 .. 500."""
    return np.exp(np.clip(x, -EXPONENT_LIMIT, EXPONENT_LIMIT))


def sigmoid(x: Array) -> Array:
    """Returns 1 / (1 + exp(-x)), never exactly 0."""
    return 1.0 / (1.0 + safe_exp(-x))


def relu(x: Array) -> Array:
    """Returns x where it is above 0, else 0 (and NaN for minus infinity, as PyBrain does)."""
    return x * (x > 0)


def softsign(x: Array) -> Array:
    """Returns x / (1 + |x|)."""
    size: Array = np.abs(x)
    return x / (1.0 + size)


def softmax(x: Array) -> Array:
    """Returns exp(x) over its sum along the last axis."""
    e = safe_exp(x)
    total: Array = e.sum(axis=-1, keepdims=True)
    return e / total


def expln(x: Array) -> Array:
    """Returns exp(x) below 0 and ln(x + 1) + 1 from there on: positive, and growing slowly."""
    return np.where(x < 0, np.exp(np.minimum(x, 0.0)), np.log1p(np.maximum(x, 0.0)) + 1.0)


def _same(x: Array) -> Array:
    return x


def _gate(x: Array) -> Array:
    a, b = np.split(x, 2, axis=1)
    return sigmoid(a) * b


def _multiplication(x: Array) -> Array:
    a, b = np.split(x, 2, axis=1)
    return a * b


def _double_gate(x: Array) -> Array:
    a, b = np.split(x, 2, axis=1)
    gate = sigmoid(a)
    return np.concatenate([gate * b, (1.0 - gate) * b], axis=1)


def _switch(x: Array) -> Array:
    gate = sigmoid(x)
    return np.concatenate([gate, 1.0 - gate], axis=1)


def _bias(x: Array) -> Array:
    return np.ones((len(x), 1))


def _partial_softmax(module: ModuleDescription) -> Forward:
    length = whole(module.options, "slicelength")

    def forward(x: Array) -> Array:
        return softmax(x.reshape(len(x), -1, length)).reshape(x.shape)

    return forward


def _mixture_density(module: ModuleDescription) -> Forward:
    mix = whole(module.options, "mixtures")

    def forward(x: Array) -> Array:
        # Mixing coefficients, then widths, then centres.
        return np.concatenate([softmax(x[:, :mix]), safe_exp(x[:, mix : 2 * mix]), x[:, 2 * mix :]], axis=1)

    return forward


def _mdlstm(module: ModuleDescription) -> Forward:
    dim, dimensions = module.outdim // 2, whole(module.options, "dimensions")
    peeps = module.arrays
    bounds = [dim, (1 + dimensions) * dim, (2 + dimensions) * dim, (3 + dimensions) * dim]

    def forward(x: Array) -> Array:
        i, f, g, o, last = np.split(x, bounds, axis=1)
        f, last = f.reshape(-1, dimensions, dim), last.reshape(-1, dimensions, dim)
        if peeps:
            i = i + peeps["ingate"] * last.sum(axis=1)
            f = f + peeps["forgetgate"].reshape(dimensions, dim) * last
        state = sigmoid(i) * np.tanh(g) + (sigmoid(f) * last).sum(axis=1)
        if peeps:
            o = o + peeps["outgate"] * state
        return np.concatenate([sigmoid(o) * np.tanh(state), state], axis=1)

    return forward


def _kohonen(module: ModuleDescription) -> Forward:
    neurons = module.arrays["neurons"]
    side = neurons.shape[0]

    def forward(x: Array) -> Array:
        distance = np.square(neurons.reshape(1, side * side, -1) - x[:, None, :]).sum(axis=2)
        row, column = np.divmod(distance.argmin(axis=1), side)
        return np.stack([row, column], axis=1).astype(float)

    return forward


def whole(options: Mapping[str, object], name: str) -> int:
    """Returns an option that is known to be an integer."""
    value = options[name]
    assert isinstance(value, int)
    return value


class Layer:
    """One kind of layer.

    Args:
        inputs: numbers that come in, per unit of ``dim``.
        outputs: numbers that go out, per unit of ``dim``.
        forward: makes the function for a module of this kind; None where it is not a function of the inputs.
        reason: why ``forward`` is None.
    """

    __slots__ = ("forward", "inputs", "outputs", "reason")

    def __init__(
        self,
        inputs: int,
        outputs: int,
        forward: Callable[[ModuleDescription], Forward] | None = None,
        reason: str = "",
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.forward = forward
        self.reason = reason


def _plain(function: Forward) -> Callable[[ModuleDescription], Forward]:
    return lambda module: function


LAYERS: dict[str, Layer] = {
    "LinearLayer": Layer(1, 1, _plain(_same)),
    "SigmoidLayer": Layer(1, 1, _plain(sigmoid)),
    "TanhLayer": Layer(1, 1, _plain(np.tanh)),
    "ReluLayer": Layer(1, 1, _plain(relu)),
    "SoftSignLayer": Layer(1, 1, _plain(softsign)),
    "SoftmaxLayer": Layer(1, 1, _plain(softmax)),
    "PartialSoftmaxLayer": Layer(1, 1, _partial_softmax),
    "BiasUnit": Layer(0, 1, _plain(_bias)),
    "GateLayer": Layer(2, 1, _plain(_gate)),
    "MultiplicationLayer": Layer(2, 1, _plain(_multiplication)),
    "DoubleGateLayer": Layer(2, 2, _plain(_double_gate)),
    "SwitchLayer": Layer(1, 2, _plain(_switch)),
    "MixtureDensityLayer": Layer(1, 1, _mixture_density),
    "LSTMLayer": Layer(4, 1),
    "MDLSTMLayer": Layer(0, 2, _mdlstm),  # its inputs depend on the number of dimensions
    "GaussianLayer": Layer(1, 1),
    "BernoulliLayer": Layer(1, 1),
    "KohonenMap": Layer(1, 2, _kohonen),
    "StateDependentLayer": Layer(1, 1, reason="its output is explored at random by a second network"),
    "MdrnnLayer": Layer(1, 1, reason="PyBrain itself computes it only through its arac extension"),
    "Table": Layer(
        1, 1, reason="it looks values up in a table by its inputs, and no network of rows has one"
    ),
    "EvolinoNetwork": Layer(1, 1, reason="it answers by generating a sequence, not row by row"),
}
"""Every kind of module that a file may hold, but networks inside networks."""
