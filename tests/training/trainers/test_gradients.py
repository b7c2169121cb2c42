"""Gradients of batches, against finite differences and against the network's own back-propagation."""

import numpy as np
import pytest

from pybrain.structure import (
    BiasUnit,
    FeedForwardNetwork,
    FullConnection,
    GaussianLayer,
    LinearLayer,
    LSTMLayer,
    ReluLayer,
    SigmoidLayer,
    SoftmaxLayer,
    TanhLayer,
)
from pybrain.structure.modules.softsign import SoftSignLayer
from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime.errors import UnsupportedPart
from training.trainers.gradients import NetworkGradient, loss_gradient
from training.trainers.minibatch import ChainGradient

ROWS = 23
SHAPES = {
    "4-8-2": (4, 8, 2),
    "three hidden layers": (3, 5, 4, 6, 3),
    "no hidden layer": (4, 3),
    "one of each": (1, 1, 1),
}


def filled(network, seed=1):
    network.params[:] = np.random.default_rng(seed).normal(size=network.paramdim)
    return network


def rows_for(network, seed=2):
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(ROWS, network.indim))
    if isinstance(network.outmodules[0], SoftmaxLayer):
        return inputs, np.eye(network.outdim)[generator.integers(0, network.outdim, ROWS)]
    return inputs, generator.normal(size=(ROWS, network.outdim))


def with_shortcut(outclass=SoftmaxLayer):
    """Return 3-4-2 whose input feeds the output as well."""
    network = FeedForwardNetwork()
    inputs, hidden, outputs, bias = LinearLayer(3), TanhLayer(4), outclass(2), BiasUnit()
    network.addInputModule(inputs)
    network.addModule(bias)
    network.addModule(hidden)
    network.addOutputModule(outputs)
    for source, target in ((inputs, hidden), (bias, hidden), (hidden, outputs), (inputs, outputs)):
        network.addConnection(FullConnection(source, target))
    network.sortModules()
    return network


def mean_loss(gradient, params, order):
    gradient.params[:] = params
    gradient.batch(order)
    return gradient.loss_of_last(len(order)) / len(order)


def numeric_gradient(gradient, order, step=1e-6):
    params = gradient.params.copy()
    numeric = np.empty_like(params)
    for at in range(len(params)):
        ahead, behind = params.copy(), params.copy()
        ahead[at] += step
        behind[at] -= step
        numeric[at] = (mean_loss(gradient, ahead, order) - mean_loss(gradient, behind, order)) / (2 * step)
    gradient.params[:] = params
    return numeric


@pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("hidden", [SigmoidLayer, TanhLayer, LinearLayer, ReluLayer, SoftSignLayer])
@pytest.mark.parametrize("out", [LinearLayer, SoftmaxLayer, SigmoidLayer, TanhLayer])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
def test_the_gradient_is_that_of_finite_differences(sizes, hidden, out, bias):
    network = filled(buildNetwork(*sizes, hiddenclass=hidden, outclass=out, bias=bias))
    gradient = loss_gradient(network, *rows_for(network))
    assert isinstance(gradient, ChainGradient)
    order = np.random.default_rng(3).permutation(ROWS)[:17]
    numeric = numeric_gradient(gradient, order)
    gradient.batch(order)
    np.testing.assert_allclose(gradient.gradient, numeric, rtol=1e-5, atol=2e-8)


@pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("hidden", [SigmoidLayer, TanhLayer, LinearLayer, ReluLayer, SoftSignLayer])
@pytest.mark.parametrize("out", [LinearLayer, SoftmaxLayer, SigmoidLayer])
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"outputbias": False}], ids=str)
def test_the_gradient_is_that_of_the_network(sizes, hidden, out, options):
    network = filled(buildNetwork(*sizes, hiddenclass=hidden, outclass=out, **options))
    inputs, targets = rows_for(network)
    gradient = loss_gradient(network, inputs, targets)
    assert isinstance(gradient, ChainGradient)
    for size in (ROWS, 5, 1):
        squared = gradient.batch(np.arange(size))
        outputs, trace = network.traceRows(inputs[:size])
        network.resetDerivatives()
        network.backActivateRows(targets[:size] - outputs, trace)
        assert squared == pytest.approx(float(np.sum((targets[:size] - outputs) ** 2)), rel=1e-12)
        # Minus the gradient of the summed loss, brought into the order of the network's parameters.
        ours = np.zeros(network.paramdim)
        ours[gradient._positions] = -gradient.gradient * size
        np.testing.assert_allclose(ours, network.derivs, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("out", [LinearLayer, SoftmaxLayer])
def test_other_networks_are_trained_through_their_modules(out):
    network = filled(with_shortcut(out))
    gradient = loss_gradient(network, *rows_for(network))
    assert isinstance(gradient, NetworkGradient)
    order = np.arange(ROWS)[::-1]
    numeric = numeric_gradient(gradient, order)
    gradient.batch(order)
    np.testing.assert_allclose(gradient.gradient, numeric, rtol=1e-5, atol=2e-8)


@pytest.mark.parametrize("build", [lambda: buildNetwork(4, 6, 3), with_shortcut])
def test_the_parameters_go_from_the_network_and_back(build):
    network = filled(build())
    before = network.params.copy()
    gradient = loss_gradient(network, *rows_for(network))
    network.params[:] = 0.0
    gradient.write()
    assert network.params.tobytes() == before.tobytes()
    network.params[:] = before + 1.0
    gradient.read()
    assert sorted(gradient.params) == sorted(before + 1.0)


def test_biases_are_not_weights():
    network = buildNetwork(4, 6, 3)
    gradient = loss_gradient(network, *rows_for(network))
    assert int(gradient.weights.sum()) == 4 * 6 + 6 * 3
    for connection in network.connections[network["bias"]]:
        connection.params[:] = 7.0
    gradient.read()
    np.testing.assert_equal(gradient.params == 7.0, ~gradient.weights)


@pytest.mark.parametrize(
    "network",
    [
        buildNetwork(2, 3, 1, hiddenclass=LSTMLayer),
        buildNetwork(2, 3, 1, selfrecurrent=True),
        buildNetwork(2, 3, 1, hiddenclass=GaussianLayer),
    ],
    ids=["LSTM", "recurrent", "random"],
)
def test_networks_whose_rows_depend_on_each_other_are_an_error(network):
    with pytest.raises(UnsupportedPart, match="only feed-forward networks without random layers"):
        loss_gradient(network, *rows_for(network))


def test_large_sums_do_not_overflow():
    network = buildNetwork(1, 1, 2, outclass=SoftmaxLayer)
    network.params[:] = 1e4
    gradient = loss_gradient(network, np.array([[-50.0], [50.0]]), np.eye(2))
    with np.errstate(over="ignore"):
        assert np.isfinite(gradient.batch(np.arange(2)))
    assert np.isfinite(gradient.gradient).all()
    assert np.isfinite(gradient.loss_of_last(2))


def test_the_loss_is_that_of_the_outputs_if_the_softmax_layer_clips_its_sums():
    network = buildNetwork(1, 2, outclass=SoftmaxLayer)
    inputs, targets = np.array([[1.0]]), np.array([[1.0, 0.0]])
    network.params[:] = 0.0
    network.connections[network["in"]][0].params[:] = [800.0, 600.0]
    np.testing.assert_array_equal(network.activateRows(inputs), [[0.5, 0.5]])
    gradient = loss_gradient(network, inputs, targets)
    gradient.batch(np.arange(1))
    assert gradient.loss_of_last(1) == pytest.approx(np.log(2.0))
