"""The outputs of each layer; extreme inputs neither warn nor overflow."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pybrain.structure import (
    BiasUnit,
    DoubleGateLayer,
    GateLayer,
    GaussianLayer,
    KohonenMap,
    LinearLayer,
    LSTMLayer,
    MDLSTMLayer,
    MdrnnLayer,
    Module,
    MultiplicationLayer,
    PartialSoftmaxLayer,
    ReluLayer,
    SigmoidLayer,
    SoftmaxLayer,
    StateDependentLayer,
    SwitchLayer,
    Table,
    TanhLayer,
)
from pybrain.structure.modules.evolinonetwork import EvolinoNetwork
from pybrain.structure.modules.mixturedensity import MixtureDensityLayer
from pybrain.structure.modules.neuronlayer import NeuronLayer
from pybrain.structure.modules.samplelayer import BernoulliLayer
from pybrain.structure.modules.softsign import SoftSignLayer
from pybrain.structure.modules.svmunit import SVMUnit
from pybrain.tools.functions import expln, explnPrime, ranking, safeExp, semilinear, sigmoid, sqrtm
from pybrain.tools.shortcuts import buildNetwork

SMALLEST = 1 / (1 + math.exp(500))


def s(x):
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize(
    ("layer", "x", "y"),
    [
        (LinearLayer(2), [1, -2], [1, -2]),
        (SigmoidLayer(2), [0, 1], [0.5, s(1)]),
        (TanhLayer(2), [0, 1], [0, math.tanh(1)]),
        (ReluLayer(3), [-1, 0, 2], [0, 0, 2]),
        (SoftSignLayer(2), [-3, 1], [-0.75, 0.5]),
        (SoftmaxLayer(2), [0, math.log(3)], [0.25, 0.75]),
        (PartialSoftmaxLayer(4, 2), [0, 0, 0, math.log(3)], [0.5, 0.5, 0.25, 0.75]),
        (BiasUnit(), [], [1]),
        (MultiplicationLayer(2), [2, 3, 4, 5], [8, 15]),
        (GateLayer(1), [1, 4], [4 * s(1)]),
        (DoubleGateLayer(1), [1, 4], [4 * s(1), 4 - 4 * s(1)]),
        (SwitchLayer(1), [1], [s(1), 1 - s(1)]),
        (MixtureDensityLayer(1, mix=2), [0, 0, 0, 1, 5, 6], [0.5, 0.5, 1, math.e, 5, 6]),
        (LSTMLayer(1), [1, 9, 2, 3], [s(3) * math.tanh(s(1) * math.tanh(2))]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, object) and hasattr(value, "indim") else "",
)
def test_a_layer_computes_its_formula(layer, x, y):
    np.testing.assert_allclose(layer.activate(x), y, rtol=1e-14)


@pytest.mark.parametrize("layer", [GateLayer(1), DoubleGateLayer(1), MultiplicationLayer(1)])
def test_a_repeated_activation_gives_the_same_output(layer):
    first = layer.activate([1, 4]).tolist()
    assert layer.activate([1, 4]).tolist() == first


def test_another_transfer_function_of_a_cell_is_refused_instead_of_ignored():
    layer = LSTMLayer(1)
    assert layer.f(0) == 0.5 and layer.hprime(0) == 1
    layer.f = sigmoid
    with pytest.raises(AttributeError, match="the transfer function g of an LSTMLayer cannot be replaced"):
        layer.g = sigmoid


def test_a_multidimensional_cell_adds_its_predecessors_states():
    layer = MDLSTMLayer(1, dimensions=2)
    i, f1, f2, g, o, l1, l2 = 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7
    state = s(i) * math.tanh(g) + s(f1) * l1 + s(f2) * l2
    y = layer.activate([i, f1, f2, g, o, l1, l2])
    np.testing.assert_allclose(y, [s(o) * math.tanh(state), state], rtol=1e-14)
    assert (layer.meatSlice().indim, layer.stateSlice().indim) == (5, 2)
    assert (layer.meatSlice().outOffset, layer.stateSlice().outOffset) == (0, 1)


def test_sigmoid_keeps_pybrains_values_beyond_its_limit_without_warnings():
    y = SigmoidLayer(4).activate([-1e308, -600, 600, 1e308])
    assert y.tolist() == [SMALLEST, SMALLEST, 1.0, 1.0]
    assert y[0] == pytest.approx(7.1246e-218, rel=1e-4)


def test_softmax_saturates_at_500_as_pybrains_does():
    assert SoftmaxLayer(3).activate([600, 600, 0]).tolist()[:2] == [0.5, 0.5]
    assert SoftmaxLayer(2).activate([-1e308, -2e307]).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    "layer", [SigmoidLayer(2), TanhLayer(2), SoftmaxLayer(2), SoftSignLayer(2), LSTMLayer(2)]
)
def test_extreme_inputs_give_finite_outputs(layer):
    x = np.resize([1.7e308, -1.7e308], layer.indim)
    assert np.isfinite(layer.activate(x)).all()


def test_a_partial_softmax_from_pybrain_is_unnormalised_by_default():
    layer = PartialSoftmaxLayer(2, 1)
    vars(layer).pop("normalized")  # as in a pickle of PyBrain
    assert layer.activate([0, 1]).tolist() == [1, math.e]
    layer.normalized = True
    assert layer.activate([0, 1]).tolist() == [1, 1]


def test_a_gaussian_layer_samples_from_numpys_global_generator():
    layer = GaussianLayer(3)
    layer.setSigma([-1, 0, 2])
    np.random.seed(5)
    y = layer.activate([1, 2, 3])
    np.random.seed(5)
    assert y.tolist() == np.random.normal([1, 2, 3], expln(np.array([-1.0, 0, 2]))).tolist()
    layer.enabled = False
    assert layer.activate([1, 2, 3]).tolist() == [1, 2, 3]


def test_a_gaussian_layer_refuses_another_number_of_sigmas():
    with pytest.raises(ValueError, match="has 2 parameters; 3 were given"):
        GaussianLayer(2).setSigma([1, 2, 3])


def test_a_bernoulli_layer_outputs_1_where_the_input_is_below_the_random_number():
    np.random.seed(1)
    ones = np.mean([BernoulliLayer(1).activate([0.2])[0] for _ in range(2000)])
    assert ones == pytest.approx(0.8, abs=0.03)


def test_state_dependent_exploration_is_constant_for_one_state():
    np.random.seed(2)
    layer = StateDependentLayer(2, buildNetwork(3, 2, bias=False))
    layer.setState([1, 2, 3])
    first = layer.activate([0, 0]).tolist()
    layer.setState([1, 2, 3])
    assert layer.activate([0, 0]).tolist() == first
    layer.drawRandomWeights()
    layer.setState([1, 2, 3])
    assert layer.activate([0, 0]).tolist() != first


def test_a_table_accepts_only_integer_indices():
    table = Table(2, 3)
    table.updateValue(1, 2, 7.5)
    assert table.activate([1, 2]).tolist() == [7.5]
    with pytest.raises(ValueError, match=r"row 2\.0, column 0\.0 is not in a table of 2 rows and 3 columns"):
        table.activate([2, 0])


def test_a_kohonen_map_moves_towards_its_inputs():
    np.random.seed(3)
    kohonen = KohonenMap(2, 3)
    kohonen.learningrate = 0.5
    kohonen.neighbours = 0
    point = np.array([2.0, 2.0])
    row, column = kohonen.activate(point).astype(int)
    before = np.abs(kohonen.neurons - point).sum(-1)
    kohonen.backActivate([0, 0])
    after = np.abs(kohonen.neurons - point).sum(-1)
    assert after[row, column] == pytest.approx(before[row, column] / 2)
    before[row, column] = after[row, column]
    assert (after == before).all()


def test_neighbours_learn_less_with_each_row_and_column_as_in_pybrain():
    kohonen = KohonenMap(2, 5)
    before = kohonen.neurons = np.stack(np.mgrid[0:5, 0:5], -1) + 0.1
    for neighbours, strengths in (
        (5, [[5, 4, 3, 2, 1], [4, 3, 2, 1, 0], [3, 2, 1, 0, 0], [2, 1, 0, 0, 0], [1, 0, 0, 0, 0]]),
        (1.5, [[5, 4, 0, 0, 0], [4, 3, 0, 0, 0], [0] * 5, [0] * 5, [0] * 5]),
    ):
        kohonen.neurons, kohonen.neighbours = before.copy(), neighbours
        kohonen.activate([0, 0])
        kohonen.backward()
        moved = (kohonen.neurons - before) / (np.zeros(2) - before)
        np.testing.assert_allclose(moved, np.repeat(strengths, 2).reshape(5, 5, 2) * 0.01 / 5, atol=1e-12)


def test_a_full_kohonen_map_gives_all_distances():
    kohonen = KohonenMap(2, 3, outputFullMap=True)
    y = kohonen.activate([0.5, 0.5])
    assert y.shape == (9,)
    assert y.argmin() == kohonen.winner[0] * 3 + kohonen.winner[1]


def test_an_evolino_network_continues_a_sequence():
    np.random.seed(4)
    net = EvolinoNetwork(1, 3)
    sequence = [[0.1], [0.2], [0.3]]
    first = net.extrapolate(sequence, 2)
    assert net.extrapolate(sequence, 2).tolist() == first.tolist()
    net.setOutputWeightMatrix(2 * net.getOutputWeightMatrix())
    assert net.extrapolate(sequence, 2).tolist() != first.tolist()
    genome = net.getGenome()
    # Four gates with 3 cells, 1 input and the bias unit.
    assert np.shape(genome) == (3, 4 * (3 + 1 + 1))
    net.setGenome(np.reshape(genome, (3, 4, 5)).tolist())
    assert net.getGenome() == genome
    with pytest.raises(ValueError, match="3 chromosomes of 20 weights"):
        net.setGenome(genome[:2])
    with pytest.raises(NotImplementedError, match="call washout, then generate"):
        net.activate([1])


def test_layers_with_missing_requirements_are_refused_with_advice():
    with pytest.raises(NotImplementedError, match="use MultiDimensionalRNN"):
        MdrnnLayer(1, (2,), 1, 1).activate([1, 2])
    with pytest.raises(ValueError, match="has no model yet"):
        SVMUnit().forwardPass()
    with pytest.raises(ValueError, match="size 5 cannot be divided into slices of 2"):
        PartialSoftmaxLayer(5, 2)


class Doubling(NeuronLayer):
    """A user-defined layer in PyBrain's style."""

    def _forwardImplementation(self, inbuf, outbuf):
        outbuf += 2 * inbuf

    def _backwardImplementation(self, outerr, inerr, outbuf, inbuf):
        inerr += 2 * outerr


class DoublingBuffers(Module):
    """A user-defined module that uses its buffers."""

    def forward(self):
        self.outputbuffer[self.offset] = 2 * self.inputbuffer[self.offset]

    def backward(self):
        self.inputerror[self.offset] = 2 * self.outputerror[self.offset]


@pytest.mark.parametrize("make", [lambda: Doubling(2), lambda: DoublingBuffers(2, 2)])
def test_a_user_defined_layer_works_in_networks_and_on_batches(make):
    from pybrain.structure import FeedForwardNetwork, IdentityConnection

    net = FeedForwardNetwork()
    a, b = LinearLayer(2), make()
    net.addInputModule(a)
    net.addOutputModule(b)
    net.addConnection(IdentityConnection(a, b))
    net.sortModules()
    for _ in range(2):
        assert net.activate([1, 2]).tolist() == [2, 4]
        assert net.backActivate([1, -1]).tolist() == [2, -2]
    assert net.activateRows([[1, 2], [3, 4]]).tolist() == [[2, 4], [6, 8]]


def test_buffers_show_the_last_activation():
    net = buildNetwork(2, 3, 1)
    y = net.activate([1, 2])
    assert net["in"].outputbuffer[0].tolist() == [1, 2]
    assert net["bias"].outputbuffer[0].tolist() == [1]
    np.testing.assert_allclose(net["hidden0"].outputbuffer, sigmoid(net["hidden0"].inputbuffer))
    assert net.outputbuffer[0].tolist() == y.tolist()
    y[0] = 99
    assert net["out"].outputbuffer[0, 0] != 99


def test_shifting_moves_rows_and_the_offset():
    layer = LinearLayer(1)
    layer._ensureRows(3)
    layer.outputbuffer[:, 0] = [1, 2, 3, 0][: len(layer.outputbuffer)]
    layer.offset = 2
    layer.shift(-1)
    assert layer.outputbuffer[:2, 0].tolist() == [2, 3]
    assert layer.offset == 1
    layer.shift(1)
    assert layer.outputbuffer[:3, 0].tolist() == [0, 2, 3]
    layer.shift(0)
    assert layer.offset == 2


def test_functions_keep_their_shapes():
    assert safeExp(1000.0) == math.exp(500)
    assert expln(-1.0) == pytest.approx(math.exp(-1))
    assert expln(1.0) == pytest.approx(math.log(2) + 1)
    assert explnPrime(np.array([-1.0, 1.0])).tolist() == pytest.approx([math.exp(-1), 0.5])
    assert semilinear(np.array([-1.0, 2.0])).tolist() == pytest.approx([math.exp(-1), 3.0])
    assert ranking([3, 1, 2]).tolist() == [2, 0, 1]
    m = np.array([[2.0, 1.0], [1.0, 2.0]])
    np.testing.assert_allclose(sqrtm(m) @ sqrtm(m), m)
