"""Multilayer perceptrons of other libraries: the same function on both sides, and a clear refusal otherwise."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest

from pybrain.structure import FullConnection, LSTMLayer, ReluLayer, SigmoidLayer, SoftmaxLayer, TanhLayer
from pybrain.tools.exchange import ExchangeError, from_layers, from_sklearn, from_torch, to_layers, to_torch
from pybrain.tools.shortcuts import buildNetwork

RNG = np.random.default_rng(3)
ROWS = RNG.normal(size=(5, 3))


class Linear:
    """Has the attributes of torch.nn.Linear that from_torch reads."""

    def __init__(self, weight: np.ndarray, bias: np.ndarray | None) -> None:
        self.weight = _tensor(weight)
        self.bias = None if bias is None else _tensor(bias)


class Tanh:
    """Stands for torch.nn.Tanh."""


class Conv2d:
    """Stands for a module that is not supported."""


class Dropout:
    """Stands for torch.nn.Dropout."""


def _tensor(values: np.ndarray) -> SimpleNamespace:
    array = SimpleNamespace(numpy=lambda: values)
    return SimpleNamespace(detach=lambda: SimpleNamespace(cpu=lambda: array))


@pytest.mark.parametrize("bias", [True, False])
def test_layers_describe_the_whole_network(bias: bool) -> None:
    net = buildNetwork(3, 4, 2, hiddenclass=ReluLayer, outclass=SoftmaxLayer, bias=bias)
    first, layers = to_layers(net)
    again = from_layers(layers)
    assert first.__name__ == "LinearLayer"
    assert (again.paramdim, again["hidden0"].dim) == (net.paramdim, 4)
    for row in ROWS:
        np.testing.assert_allclose(again.activate(row), net.activate(row), rtol=1e-14)


def test_a_torch_model_is_read_layer_by_layer() -> None:
    w, v, b = RNG.normal(size=(4, 3)), RNG.normal(size=(2, 4)), RNG.normal(size=4)
    net = from_torch([Linear(w, b), Tanh(), Dropout(), Linear(v, None)])
    for row in ROWS:
        np.testing.assert_allclose(net.activate(row), v @ np.tanh(w @ row + b), rtol=1e-13)


@pytest.mark.parametrize("parts", [[Conv2d()], [Tanh()], [Linear(np.ones((2, 3)), None), Tanh(), Tanh()], []])
def test_a_torch_model_that_is_not_a_perceptron_is_refused(parts: list[object]) -> None:
    with pytest.raises(ExchangeError, match=r"cannot be used here|no fully connected"):
        from_torch(parts)


def test_a_fitted_estimator_of_scikit_learn_is_read() -> None:
    w, v, b, c = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 1)), RNG.normal(size=4), RNG.normal(size=1)
    estimator = SimpleNamespace(
        coefs_=[w, v], intercepts_=[b, c], activation="relu", out_activation_="logistic"
    )
    net = from_sklearn(estimator)
    for row in ROWS:
        expected = 1 / (1 + np.exp(-(np.maximum(row @ w + b, 0) @ v + c)))
        np.testing.assert_allclose(net.activate(row), expected, rtol=1e-13)


def test_an_estimator_that_is_not_fitted_is_refused() -> None:
    with pytest.raises(ExchangeError, match="not a fitted"):
        from_sklearn(SimpleNamespace(activation="relu"))


def test_networks_that_are_not_perceptrons_are_refused_with_the_reason() -> None:
    skipping = buildNetwork(3, 4, 2)
    skipping.addConnection(FullConnection(skipping["in"], skipping["out"]))
    skipping.sortModules()
    with pytest.raises(ExchangeError, match="skip layers"):
        to_layers(skipping)
    with pytest.raises(ExchangeError, match="not a feed-forward network"):
        to_layers(buildNetwork(3, 4, 2, hiddenclass=LSTMLayer))


@pytest.mark.parametrize("hidden", [SigmoidLayer, TanhLayer, ReluLayer])
def test_torch_computes_the_same_there_and_back(hidden: type) -> None:
    if find_spec("torch") is None:
        with pytest.raises(ImportError, match="PyTorch"):
            to_torch(buildNetwork(3, 4, 2))
        return
    torch = import_module("torch")
    net = buildNetwork(3, 4, 5, 2, hiddenclass=hidden, outclass=SoftmaxLayer)
    model = to_torch(net)
    expected = np.array([net.activate(row) for row in ROWS])
    np.testing.assert_allclose(model(torch.from_numpy(ROWS)).detach().numpy(), expected, rtol=1e-12)
    again = from_torch(model)
    np.testing.assert_allclose([again.activate(row) for row in ROWS], expected, rtol=1e-12)
