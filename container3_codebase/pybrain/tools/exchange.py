"""Converts multilayer perceptrons to and from PyTorch, and from scikit-learn; not a module of PyBrain.

PyTorch is imported when a function needs it. scikit-learn is not imported at all: trained models are read from the
attributes of its estimators.

PyBrain's sigmoid and softmax layers clip exponents at 500, so the numbers agree unless an input of a layer is
larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.connections.full import FullConnection
from pybrain.structure.connections.shared import SharedFullConnection
from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.modules.relulayer import ReluLayer
from pybrain.structure.modules.sigmoidlayer import SigmoidLayer
from pybrain.structure.modules.softmax import SoftmaxLayer
from pybrain.structure.modules.softsign import SoftSignLayer
from pybrain.structure.modules.tanhlayer import TanhLayer
from pybrain.structure.networks.feedforward import FeedForwardNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pybrain._typing import Array

_TORCH = {
    LinearLayer: "Identity",
    ReluLayer: "ReLU",
    SigmoidLayer: "Sigmoid",
    SoftmaxLayer: "Softmax",
    SoftSignLayer: "Softsign",
    TanhLayer: "Tanh",
}
_FROM_TORCH = {name: layer for layer, name in _TORCH.items()}
_FROM_SKLEARN = {
    "identity": LinearLayer,
    "logistic": SigmoidLayer,
    "relu": ReluLayer,
    "softmax": SoftmaxLayer,
    "tanh": TanhLayer,
}


class ExchangeError(ValueError):
    """A network has a part that multilayer perceptrons of the other library do not support."""


@dataclass(frozen=True)
class Dense:
    """A fully connected layer.

    Attributes:
        weights: shape (outputs, inputs).
        bias: shape (outputs,); None without bias.
        layer: class of the layer that receives the sum.
    """

    weights: Array
    bias: Array | None
    layer: type[Any]


def to_torch(net: FeedForwardNetwork) -> Any:
    """Return a ``torch.nn.Sequential`` that computes the same function, in float64; it shares no memory.

    Args:
        net: a multilayer perceptron, as `buildNetwork` builds it.

    Raises:
        ExchangeError: the network is not a chain of linear, sigmoid, tanh, ReLU, softsign and softmax layers.
        ImportError: PyTorch is not installed.
    """
    torch = _torch()
    first, layers = to_layers(net)
    parts = [] if first is LinearLayer else [_activation(torch, first)]
    for dense in layers:
        outputs, inputs = dense.weights.shape
        linear = torch.nn.Linear(inputs, outputs, bias=dense.bias is not None, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(dense.weights))
            if dense.bias is not None:
                linear.bias.copy_(torch.from_numpy(dense.bias))
        parts.append(linear)
        if dense.layer is not LinearLayer:
            parts.append(_activation(torch, dense.layer))
    return torch.nn.Sequential(*parts)


def from_torch(model: Any) -> FeedForwardNetwork:
    """Return a network that computes what a ``torch.nn.Sequential`` computes in evaluation mode, in float64.

    Args:
        model: ``Linear`` modules, each followed by at most one of ``Identity``, ``ReLU``, ``Sigmoid``, ``Softmax``,
            ``Softsign``, ``Tanh``; ``Dropout`` has no effect in evaluation mode and is left out.

    Raises:
        ExchangeError: the model has another module, or no ``Linear``.
    """
    layers: list[Dense] = []
    open_layer = False  # whether the last layer may still get an activation function
    for part in model:
        kind = type(part).__name__
        if kind == "Linear":
            bias = None if part.bias is None else _numbers(part.bias)
            layers.append(Dense(_numbers(part.weight), bias, LinearLayer))
            open_layer = True
        elif kind in _FROM_TORCH and (open_layer or kind == "Identity"):
            if kind != "Identity":
                _check_dim(part)
                layers[-1] = Dense(layers[-1].weights, layers[-1].bias, _FROM_TORCH[kind])
                open_layer = False
        elif kind != "Dropout":
            known = ", ".join(sorted(_FROM_TORCH))
            raise ExchangeError(f"{kind} cannot be used here: a Linear is followed by at most one of {known}")
    return from_layers(layers)


def from_sklearn(estimator: Any) -> FeedForwardNetwork:
    """Return a network that computes what a fitted ``MLPClassifier`` or ``MLPRegressor`` computes.

    The outputs are those of a regressor's ``predict`` and a classifier's ``predict_proba``; with two classes, only
    the probability of the second.

    Args:
        estimator: the fitted estimator.

    Raises:
        ExchangeError: the estimator is not fitted, or is not a multilayer perceptron.
    """
    try:
        weights, biases = estimator.coefs_, estimator.intercepts_
        names = [estimator.activation] * (len(weights) - 1) + [estimator.out_activation_]
    except AttributeError:
        raise ExchangeError(
            f"{type(estimator).__name__} is not a fitted MLPClassifier or MLPRegressor"
        ) from None
    unknown = sorted(set(names) - set(_FROM_SKLEARN))
    if unknown:
        raise ExchangeError(f"the activation function {unknown[0]!r} is not supported")
    return from_layers(
        [
            Dense(np.array(w.T, dtype=float), np.array(b, dtype=float), _FROM_SKLEARN[name])
            for w, b, name in zip(weights, biases, names, strict=True)
        ]
    )


def from_layers(layers: Sequence[Dense]) -> FeedForwardNetwork:
    """Return a sorted network with these layers, input first, named as by `buildNetwork`.

    Raises:
        ExchangeError: there is no layer, or one does not fit the one before it.
    """
    if not layers:
        raise ExchangeError("there is no fully connected layer")
    net = FeedForwardNetwork()
    last = LinearLayer(layers[0].weights.shape[1], name="in")
    net.addInputModule(last)
    bias = BiasUnit(name="bias")
    if any(dense.bias is not None for dense in layers):
        net.addModule(bias)
    for i, dense in enumerate(layers):
        outputs, inputs = dense.weights.shape
        if inputs != last.outdim:
            raise ExchangeError(
                f"layer {i} takes {inputs} values, but the one before it returns {last.outdim}"
            )
        final = i == len(layers) - 1
        module = dense.layer(outputs, name="out" if final else f"hidden{i}")
        (net.addOutputModule if final else net.addModule)(module)
        _connect(net, last, module, dense.weights)
        if dense.bias is not None:
            _connect(net, bias, module, dense.bias)
        last = module
    net.sortModules()
    return net


def to_layers(net: FeedForwardNetwork) -> tuple[type[Any], list[Dense]]:
    """Return the class of the input layer, and the fully connected layers of a network, input first.

    Raises:
        ExchangeError: the network is not a chain of layers.
    """
    if not isinstance(net, FeedForwardNetwork) or len(net.inmodules) != 1 or len(net.outmodules) != 1:
        raise ExchangeError(f"{net.name} is not a feed-forward network with one input and one output layer")
    connections = [c for outgoing in net.connections.values() for c in outgoing]
    current, layers, used = net.inmodules[0], [], 0
    first = _layer_class(current)
    while current is not net.outmodules[0]:
        target = next((c.outmod for c in connections if c.inmod is current), None)
        if target is None:
            raise ExchangeError(f"nothing leads from {current.name} to the output layer")
        weights = [_matrix(c) for c in connections if c.inmod is current and c.outmod is target]
        biases = [_matrix(c) for c in connections if type(c.inmod) is BiasUnit and c.outmod is target]
        bias = np.sum(biases, axis=0)[:, 0] if biases else None
        layers.append(Dense(np.sum(weights, axis=0), bias, _layer_class(target)))
        used += len(weights) + len(biases)
        current = target
    if used != len(connections):
        raise ExchangeError(f"{net.name} has connections that skip layers or lead out of the chain")
    return first, layers


def _connect(net: FeedForwardNetwork, source: Any, target: Any, weights: Array) -> None:
    connection = FullConnection(source, target)
    connection.params[:] = weights.ravel()
    net.addConnection(connection)


def _matrix(connection: Any) -> Array:
    """Return the weights between all units of two modules, shape (outputs, inputs)."""
    c = connection
    if type(c) not in (FullConnection, SharedFullConnection) or "_forwardImplementation" in vars(c):
        raise ExchangeError(f"{c.name} is a {type(c).__name__}, not a full connection")
    matrix = np.zeros((c.outmod.indim, c.inmod.outdim))
    matrix[c.outSliceFrom : c.outSliceTo, c.inSliceFrom : c.inSliceTo] = c.params.reshape(c.outdim, c.indim)
    return matrix


def _layer_class(module: Any) -> type[Any]:
    if type(module) not in _TORCH or "_forwardImplementation" in vars(module):
        known = ", ".join(sorted(layer.__name__ for layer in _TORCH))
        raise ExchangeError(f"{module.name} is a {type(module).__name__}; expected one of {known}")
    return type(module)


def _torch() -> Any:
    try:
        return import_module("torch")
    except ImportError:
        raise ImportError("to_torch needs PyTorch: pip install torch") from None


def _activation(torch: Any, layer: type[Any]) -> Any:
    name = _TORCH[layer]
    return torch.nn.Softmax(dim=-1) if name == "Softmax" else getattr(torch.nn, name)()


def _check_dim(part: Any) -> None:
    if getattr(part, "dim", -1) not in (-1, 1):
        raise ExchangeError(f"a Softmax over dimension {part.dim}; only the last dimension is supported")


def _numbers(tensor: Any) -> Array:
    return np.array(tensor.detach().cpu().numpy(), dtype=float)
