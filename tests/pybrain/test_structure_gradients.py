"""Every backward pass equals the derivative of its forward pass, by finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from pybrain.structure import (
    BiasUnit,
    BidirectionalNetwork,
    DoubleGateLayer,
    FeedForwardNetwork,
    FullConnection,
    FullNotSelfConnection,
    GateLayer,
    GaussianLayer,
    IdentityConnection,
    LinearConnection,
    LinearLayer,
    LSTMLayer,
    MDLSTMLayer,
    MotherConnection,
    MultiplicationLayer,
    NeuronDecomposableNetwork,
    RecurrentNetwork,
    ReluLayer,
    SharedFullConnection,
    SigmoidLayer,
    SwitchLayer,
    TanhLayer,
)
from pybrain.structure.connections.permutation import PermutationConnection
from pybrain.structure.connections.shared import SharedSubsamplingConnection
from pybrain.structure.connections.subsampling import SubsamplingConnection
from pybrain.structure.modules.mixturedensity import MixtureDensityLayer
from pybrain.structure.modules.softmax import PartialSoftmaxLayer, SoftmaxLayer
from pybrain.structure.modules.softsign import SoftSignLayer
from pybrain.structure.modules.statedependentlayer import StateDependentLayer
from pybrain.structure.modules.table import Table
from pybrain.structure.networks.convolutional import SimpleConvolutionalNetwork
from pybrain.structure.networks.custom.capturegame import CaptureGameNetwork
from pybrain.structure.networks.custom.convboard import ConvolutionalBoardNetwork
from pybrain.structure.networks.multidimensional import MultiDimensionalLSTM, MultiDimensionalRNN
from pybrain.structure.networks.rbm import Rbm
from pybrain.tools.functions import expln
from pybrain.tools.shortcuts import buildNetwork

STEP = 1e-6


def numeric(function, at):
    """Return the gradient of a scalar function by central differences."""
    at = np.array(at, dtype=float)
    result = np.zeros_like(at)
    for i in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[i] += STEP
        down[i] -= STEP
        result[i] = (function(up) - function(down)) / (2 * STEP)
    return result


def close(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=2e-6, atol=2e-8)


def run(net, rows):
    """Return the outputs for a sequence, from a reset network; rows of a feed-forward network are one step each."""
    net.reset()
    return np.array([net.activate(row) for row in rows])


def check_network(net, steps=1, seed=1):
    """Compare input errors and derivatives of ``steps`` time steps with finite differences."""
    generator = np.random.RandomState(seed)
    x = generator.normal(size=(steps, net.indim))
    e = generator.normal(size=(steps, net.outdim))
    if net.paramdim:
        net.params[:] = generator.normal(size=net.paramdim) * 0.7
        net.resetDerivatives()
    run(net, x)
    back = np.array([net.backActivate(row) for row in e[::-1]])[::-1]
    close(back, numeric(lambda v: (run(net, v) * e).sum(), x))
    if net.paramdim:
        before, found = net.params.copy(), net.derivs.copy()

        def at(values):
            net.params[:] = values
            return (run(net, x) * e).sum()

        close(found, numeric(at, before))


def sandwich(layer):
    """Return a network with ``layer`` between two full connections."""
    net = FeedForwardNetwork()
    inputs, outputs = LinearLayer(3, name="in"), LinearLayer(2, name="out")
    net.addInputModule(inputs)
    net.addModule(layer)
    net.addOutputModule(outputs)
    net.addConnection(FullConnection(inputs, layer))
    net.addConnection(FullConnection(layer, outputs))
    net.sortModules()
    return net


LAYERS = {
    "linear": lambda: LinearLayer(4),
    "sigmoid": lambda: SigmoidLayer(4),
    "tanh": lambda: TanhLayer(4),
    "relu": lambda: ReluLayer(4),
    "softsign": lambda: SoftSignLayer(4),
    "multiplication": lambda: MultiplicationLayer(2),
    "gate": lambda: GateLayer(2),
    "double gate": lambda: DoubleGateLayer(2),
    "switch": lambda: SwitchLayer(2),
    "lstm at its first step": lambda: LSTMLayer(2),
    "lstm with peepholes at its first step": lambda: LSTMLayer(2, peepholes=True),
    "mdlstm": lambda: MDLSTMLayer(2, dimensions=2),
    "mdlstm with peepholes": lambda: MDLSTMLayer(2, dimensions=2, peepholes=True),
    "nested network": lambda: buildNetwork(2, 3, 2, hiddenclass=TanhLayer),
}


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS.keys())
def test_a_layer_backpropagates_errors(make):
    check_network(sandwich(make()))


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS.keys())
def test_batched_rows_sum_their_derivatives(make):
    net = sandwich(make())
    generator = np.random.RandomState(2)
    x, e = generator.normal(size=(5, 3)), generator.normal(size=(5, 2))
    net.resetDerivatives()
    single = [(net.activate(row), net.backActivate(error)) for row, error in zip(x, e, strict=True)]
    summed = net.derivs.copy()
    net.resetDerivatives()
    answers, trace = net.traceRows(x)
    back = net.backActivateRows(e, trace)
    np.testing.assert_allclose(answers, [y for y, _ in single], rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(back, [b for _, b in single], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(net.derivs, summed, rtol=1e-11, atol=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("peepholes", [False, True])
def test_lstm_layers_backpropagate_through_time(peepholes):
    check_network(buildNetwork(2, 3, 2, hiddenclass=LSTMLayer, peepholes=peepholes), steps=5)


@pytest.mark.slow
def test_two_lstm_layers_backpropagate_through_time():
    check_network(buildNetwork(2, 2, 3, 1, hiddenclass=LSTMLayer, peepholes=True), steps=4)


@pytest.mark.parametrize("hiddenclass", [SigmoidLayer, TanhLayer, LinearLayer])
def test_an_elman_network_backpropagates_through_time(hiddenclass):
    check_network(buildNetwork(2, 3, 2, hiddenclass=hiddenclass, selfrecurrent=True), steps=5)


def test_a_network_nested_in_a_recurrent_one_backpropagates_through_time():
    net = RecurrentNetwork()
    inputs, outputs = LinearLayer(2), LinearLayer(1)
    inner = buildNetwork(2, 3, 2, hiddenclass=TanhLayer)
    net.addInputModule(inputs)
    net.addModule(inner)
    net.addOutputModule(outputs)
    net.addConnection(FullConnection(inputs, inner))
    net.addConnection(FullConnection(inner, outputs))
    net.addRecurrentConnection(FullConnection(inner, inner))
    net.sortModules()
    check_network(net, steps=4)


def test_recurrent_networks_can_be_nested():
    net = RecurrentNetwork()
    inputs, outputs = LinearLayer(2), LinearLayer(1)
    inner = buildNetwork(2, 3, 2, selfrecurrent=True)
    net.addInputModule(inputs)
    net.addModule(inner)
    net.addOutputModule(outputs)
    net.addConnection(FullConnection(inputs, inner))
    net.addConnection(FullConnection(inner, outputs))
    net.addRecurrentConnection(FullConnection(outputs, inner))
    net.sortModules()
    check_network(net, steps=4)


def one_connection(make, inputs=4, outputs=4):
    """Return a network of two tanh layers, the connection that ``make`` returns, and a bias."""
    net = FeedForwardNetwork()
    a, b, bias = TanhLayer(inputs, name="a"), TanhLayer(outputs, name="b"), BiasUnit(name="bias")
    net.addInputModule(a)
    net.addModule(bias)
    net.addOutputModule(b)
    made = make(a, b)
    for connection in made if isinstance(made, list) else [made]:
        net.addConnection(connection)
    net.addConnection(FullConnection(bias, b))
    net.sortModules()
    return net


def shared(a, b):
    mother = MotherConnection(4, name="m")
    return [
        SharedFullConnection(mother, a, b, inSliceTo=2, outSliceTo=2),
        SharedFullConnection(mother, a, b, inSliceFrom=2, outSliceFrom=2),
        SharedFullConnection(mother, a, b, inSliceFrom=1, inSliceTo=3, outSliceFrom=1, outSliceTo=3),
    ]


def shared_means(a, b):
    mother = MotherConnection(2, name="m")
    return [
        SharedSubsamplingConnection(mother, a, b, inSliceTo=3, outSliceTo=2),
        SharedSubsamplingConnection(mother, a, b, inSliceFrom=1, outSliceFrom=2),
    ]


CONNECTIONS = {
    "full": lambda a, b: FullConnection(a, b),
    "full between slices": lambda a, b: FullConnection(
        a, b, inSliceFrom=1, inSliceTo=3, outSliceFrom=2, outSliceTo=4
    ),
    "full not self": lambda a, b: FullNotSelfConnection(a, b),
    "identity": lambda a, b: IdentityConnection(a, b),
    "identity between slices": lambda a, b: IdentityConnection(a, b, inSliceTo=2, outSliceFrom=2),
    "linear": lambda a, b: LinearConnection(a, b),
    "permutation": lambda a, b: PermutationConnection(a, b, [1, 0], 2),
    "permutation that is not its own inverse": lambda a, b: PermutationConnection(a, b, [2, 0, 3, 1], 1),
    "subsampling": lambda a, b: SubsamplingConnection(a, b, inSliceTo=3),
    "shared full": shared,
    "shared subsampling": shared_means,
}


@pytest.mark.parametrize("make", CONNECTIONS.values(), ids=CONNECTIONS.keys())
def test_a_connection_backpropagates_errors(make):
    check_network(one_connection(make))


@pytest.mark.parametrize("make", CONNECTIONS.values(), ids=CONNECTIONS.keys())
def test_a_connection_processes_batches(make):
    net = one_connection(make)
    generator = np.random.RandomState(3)
    x, e = generator.normal(size=(4, 4)), generator.normal(size=(4, 4))
    net.resetDerivatives()
    for row, error in zip(x, e, strict=True):
        net.activate(row)
        net.backActivate(error)
    summed = net.derivs.copy()
    net.resetDerivatives()
    _, trace = net.traceRows(x)
    net.backActivateRows(e, trace)
    np.testing.assert_allclose(net.derivs, summed, rtol=1e-11, atol=1e-13)


def context_network():
    """Return an Elman network with a context layer and an identity connection."""
    net = RecurrentNetwork()
    inputs, hidden, context, outputs = LinearLayer(2), SigmoidLayer(3), LinearLayer(3), LinearLayer(2)
    net.addInputModule(inputs)
    net.addModule(hidden)
    net.addModule(context)
    net.addOutputModule(outputs)
    net.addConnection(FullConnection(inputs, hidden))
    net.addConnection(FullConnection(context, hidden))
    net.addConnection(FullConnection(hidden, outputs))
    net.addRecurrentConnection(IdentityConnection(hidden, context))
    net.addRecurrentConnection(FullConnection(outputs, inputs))
    net.sortModules()
    return net


def in_is_out():
    """Return a network in which one module is input and output, with a further connection."""
    net = FeedForwardNetwork()
    both, last = SigmoidLayer(3), TanhLayer(2)
    net.addInputModule(both)
    net.addOutputModule(both)
    net.addOutputModule(last)
    net.addConnection(FullConnection(both, last))
    net.sortModules()
    return net


NETWORKS = {
    "built": (lambda: buildNetwork(3, 4, 2), 1),
    "built, deep": (lambda: buildNetwork(3, 4, 5, 2, hiddenclass=TanhLayer, outclass=SigmoidLayer), 1),
    "bidirectional": (lambda: BidirectionalNetwork(seqlen=3, inputsize=2, hiddensize=2), 1),
    "bidirectional, symmetric": (lambda: BidirectionalNetwork(seqlen=3, hiddensize=2, symmetric=True), 1),
    "convolutional": (lambda: SimpleConvolutionalNetwork(2, 4, 2, 2), 1),
    "convolutional board": (lambda: ConvolutionalBoardNetwork(3, 3, 2), 1),
    "multidimensional": (lambda: MultiDimensionalRNN((2, 3), hsize=2), 1),
    "multidimensional lstm": (lambda: MultiDimensionalLSTM((2, 2), hsize=1), 1),
    "multidimensional lstm with peepholes": (lambda: MultiDimensionalLSTM((3,), hsize=2, peepholes=True), 1),
    "capture game": (lambda: CaptureGameNetwork(size=3, hsize=1), 1),
    "decomposable": (lambda: NeuronDecomposableNetwork.convertNormalNetwork(buildNetwork(2, 3, 1)), 1),
    "boltzmann machine's": (lambda: Rbm.fromDims(3, 2).net, 1),
    "context": (context_network, 4),
    "input is output": (in_is_out, 1),
}


@pytest.mark.parametrize(("make", "steps"), NETWORKS.values(), ids=NETWORKS.keys())
def test_a_network_backpropagates_errors(make, steps):
    check_network(make(), steps)


def test_a_table_trains_only_the_used_entry():
    table = Table(3, 2)
    table.activate([2, 1])
    table.backActivate([0.5])
    assert table.derivs.tolist() == [0, 0, 0, 0, 0, 0.5 - 0.0]


@pytest.mark.parametrize("make", [lambda: SoftmaxLayer(4), lambda: PartialSoftmaxLayer(4, 2)])
def test_softmax_layers_backpropagate_errors_unchanged(make):
    layer = make()
    layer.activate([1, 2, 3, 4])
    assert layer.backActivate([1, -2, 3, -4]).tolist() == [1, -2, 3, -4]


def test_unchanged_softmax_errors_are_the_gradient_of_the_cross_entropy():
    layer, target = SoftmaxLayer(3), np.array([0.0, 1.0, 0.0])
    x = np.array([0.3, -0.5, 1.1])
    layer.activate(x)
    found = layer.backActivate(target - layer.activate(x))
    close(found, numeric(lambda v: (target * np.log(layer.activate(v))).sum(), x))


def test_a_mixture_layer_backpropagates_errors_unchanged():
    layer = MixtureDensityLayer(1, mix=2)
    layer.activate(range(6))
    assert layer.backActivate(range(6)).tolist() == list(range(6))


def log_normal(y, mean, variance):
    return (-0.5 * (y - mean) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)).sum()


def test_a_gaussian_layer_gives_the_gradient_of_the_log_likelihood():
    np.random.seed(7)
    layer = GaussianLayer(3)
    layer.setSigma([-0.5, 0.2, 1.5])
    x = np.array([0.1, -1.0, 2.0])
    y = layer.activate(x)
    back = layer.backActivate(np.zeros(3))
    close(back, numeric(lambda v: log_normal(y, v, expln(layer.params) ** 2), x))
    close(layer.derivs, numeric(lambda p: log_normal(y, x, expln(p) ** 2), layer.params))


def test_autoalpha_multiplies_by_the_variance():
    np.random.seed(7)
    layer = GaussianLayer(2)
    layer.setSigma([-0.5, 0.8])
    layer.activate([1, 2])
    plain = layer.backActivate([0, 0])
    derivs = layer.derivs.copy()
    layer.autoalpha = True
    layer.resetDerivatives()
    np.testing.assert_allclose(layer.backActivate([0, 0]), plain * expln(layer.params) ** 2)
    np.testing.assert_allclose(layer.derivs, derivs * expln(layer.params) ** 2)


@pytest.mark.parametrize("onesigma", [True, False])
def test_a_state_dependent_layer_gives_the_gradient_of_the_log_likelihood(onesigma):
    np.random.seed(3)
    layer = StateDependentLayer(2, buildNetwork(3, 2, bias=False), onesigma=onesigma)
    layer.params[:] = np.random.randn(layer.paramdim) * 0.5
    layer.drawRandomWeights()
    state = np.array([0.5, -1.0, 2.0])
    layer.setState(state)
    x = np.array([0.3, 0.4])
    y = layer.activate(x)

    def likelihood(mean, params):
        sigma = np.broadcast_to(expln(params), 6).reshape(2, 3)
        return log_normal(y, mean, (sigma**2 * state**2).sum(1))

    close(layer.backActivate([0, 0]), numeric(lambda v: likelihood(v, layer.params), x))
    close(layer.derivs, numeric(lambda p: likelihood(x, p), layer.params))
