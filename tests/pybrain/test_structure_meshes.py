"""Slices, meshes, and networks built from them."""

from __future__ import annotations

import numpy as np
import pytest

from pybrain.structure import (
    BidirectionalNetwork,
    BorderSwipingNetwork,
    FeedForwardNetwork,
    FullConnection,
    LinearLayer,
    MDLSTMLayer,
    ModuleMesh,
    MotherConnection,
    NeuronDecomposableNetwork,
    TanhLayer,
)
from pybrain.structure.moduleslice import ModuleSlice
from pybrain.structure.networks.convolutional import SimpleConvolutionalNetwork
from pybrain.structure.networks.custom.capturegame import CaptureGameNetwork
from pybrain.structure.networks.custom.convboard import ConvolutionalBoardNetwork
from pybrain.structure.networks.multidimensional import MultiDimensionalLSTM, MultiDimensionalRNN
from pybrain.structure.networks.rbm import Rbm
from pybrain.tests.helpers import gradientCheck
from pybrain.tools.functions import sigmoid
from pybrain.tools.shortcuts import buildNetwork


def test_a_slice_connects_to_its_part_of_a_layer():
    a, b = LinearLayer(4), LinearLayer(3)
    outer = ModuleSlice(a, outSliceFrom=1, outSliceTo=4)
    connection = FullConnection(
        ModuleSlice(outer, outSliceFrom=1, outSliceTo=2), ModuleSlice(b, inSliceFrom=2)
    )
    assert (connection.inmod, connection.inSliceFrom, connection.inSliceTo) == (a, 2, 3)
    assert (connection.outmod, connection.outSliceFrom, connection.outSliceTo) == (b, 2, 3)
    assert connection.whichBuffers(0) == (2, 2)
    with pytest.raises(ValueError, match="0:5 is not a slice of the 4 inputs"):
        ModuleSlice(a, inSliceTo=5)


def test_the_name_of_a_slice_is_pybrains():
    assert ModuleSlice(LinearLayer(5, name="q"), 1, 3, 2, 4).name == "q-slice:(1,3)(2,4)"


def test_a_mesh_divides_a_layer():
    mesh = ModuleMesh.viewOnFlatLayer(LinearLayer(6, name="flat"), (3, 2), name="m")
    assert [(s.inOffset, s.indim) for s in mesh] == [(k, 1) for k in range(6)]
    assert mesh[2, 1].inOffset == 5
    assert mesh[1, 0].name == "m(1, 0)"
    assert mesh[1, 0].base.name == "flat"
    with pytest.raises(ValueError, match="cannot be divided evenly among 4 cells"):
        ModuleMesh.viewOnFlatLayer(LinearLayer(6), (2, 2))


def test_a_mesh_of_layers_names_them_after_their_cells():
    mesh = ModuleMesh.constructWithLayers(TanhLayer, 2, (2,), "h")
    assert [m.name for m in mesh] == ["h(0,)", "h(1,)"]


def sharing(net):
    """Return connections as (from, to, mother), with slices of input and output as cells."""
    found = set()
    for m in net.modulesSorted:
        for c in net.connections[m]:
            mother = c.mother.name if hasattr(c, "mother") else type(c).__name__
            found.add(
                (m.name, c.inSliceFrom, c.inSliceTo, c.outmod.name, c.outSliceFrom, c.outSliceTo, mother)
            )
    return found


def recorded(name):
    import pickle
    from pathlib import Path

    path = Path(__file__).resolve().parent.parent / "fixtures" / "networks" / name / "net.p2.pkl"
    return pickle.loads(path.read_bytes())


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("man_bidirectional", lambda: BidirectionalNetwork(seqlen=4, inputsize=2, hiddensize=3)),
        ("man_capturegame", lambda: CaptureGameNetwork(size=2, hsize=2)),
    ],
)
def test_the_structure_is_that_of_the_recorded_network(name, make):
    assert sharing(make()) == sharing(recorded(name))
    assert make().paramdim == recorded(name).paramdim


def test_a_convolution_has_the_recorded_structure_and_outputs():
    net, old = SimpleConvolutionalNetwork(1, 4, 2, 3), recorded("man_convolutional")
    ours = {m.name: m for m in net.motherconnections}
    for mother in old.motherconnections:
        target = ours.get(mother.name) or next(m for n, m in ours.items() if n.startswith("MotherConnection"))
        target.params[:] = mother.params
    x = np.linspace(-1, 1, 16)
    np.testing.assert_allclose(net.activate(x), old.activate(x), rtol=1e-13)


def test_a_multidimensional_lstm_has_separate_states_per_dimension():
    net = MultiDimensionalLSTM((2, 2), hsize=1)
    into = [c for c in sharing(net) if c[3] == "hidden(1, 1, 0)" and c[-1] == "IdentityConnection"]
    assert sorted((c[0], c[4]) for c in into) == [("hidden(0, 1, 0)", 5), ("hidden(1, 0, 0)", 6)]


@pytest.mark.parametrize("symmetric", [True, False])
def test_dimensions_can_have_separate_weights(symmetric):
    net = MultiDimensionalRNN((2, 2), hsize=2, symmetricdimensions=symmetric)
    assert len({m.name for m in net.motherconnections if m.name.startswith("hconn")}) == (
        1 if symmetric else 2
    )


def test_a_symmetric_bidirectional_network_is_invariant_to_reversal():
    net = BidirectionalNetwork(seqlen=3, hiddensize=2, symmetric=True)
    x = np.array([0.5, -1.0, 2.0])
    np.testing.assert_allclose(net.activate(x[::-1]), net.activate(x)[::-1], rtol=1e-13)


def test_a_bidirectional_network_needs_a_length():
    with pytest.raises(ValueError, match="needs seqlen"):
        BidirectionalNetwork()


def test_a_capture_game_network_is_invariant_to_board_symmetries():
    net = CaptureGameNetwork(size=3, hsize=2)
    board = np.random.RandomState(1).randint(0, 2, size=(3, 3, 2)).astype(float)
    y = net.activate(board.ravel()).reshape(3, 3)
    np.testing.assert_allclose(net.activate(board[::-1].ravel()).reshape(3, 3), y[::-1], rtol=1e-12)
    np.testing.assert_allclose(net.activate(board.transpose(1, 0, 2).ravel()).reshape(3, 3), y.T, rtol=1e-12)


def test_a_resized_capture_game_network_keeps_its_weights():
    net = CaptureGameNetwork(size=3, hsize=2)
    large = net.resizedTo(5)
    assert (large.indim, large.outdim) == (50, 25)
    # The third position along a border begins with the weights of the second one.
    assert large.params.tolist() == [*net.params[:4], *net.params[2:4], *net.params[4:]]
    np.testing.assert_array_equal(net.resizedTo(3).activate(np.ones(18)), net.activate(np.ones(18)))
    large.params[:] = 0
    assert net.params.any()


def test_a_board_network_has_an_output_per_point():
    net = ConvolutionalBoardNetwork(4, 3, 2, name="board")
    assert (net.indim, net.outdim) == (32, 16)
    assert net.name == "board"


def test_a_boltzmann_machine_gives_probabilities_and_can_be_inverted():
    rbm = Rbm.fromDims(3, 2, params=np.arange(6.0), biasParams=[0.5, -0.5])
    x = np.array([1.0, 0.0, -1.0])
    np.testing.assert_allclose(rbm.activate(x), sigmoid(np.arange(6.0).reshape(2, 3) @ x + [0.5, -0.5]))
    inverse = rbm.invert()
    assert (inverse.visibleDim, inverse.hiddenDim) == (2, 3)
    assert inverse.params.reshape(3, 2).T.tolist() == rbm.params.reshape(2, 3).tolist()
    with pytest.raises(ValueError, match="needs a network with a module named 'bias'"):
        Rbm(buildNetwork(2, 1, bias=False))


def test_a_network_can_be_decomposed_by_neuron():
    net = buildNetwork(2, 3, 1, bias=False)
    before = net.params.copy()
    x = [1.0, 2.0]
    y = net.activate(x)
    apart = NeuronDecomposableNetwork.convertNormalNetwork(net)
    assert apart.params.tolist() == before.tolist()
    assert apart.activate(x).tolist() == y.tolist()
    groups = apart.getDecomposition()
    assert [len(g) for g in groups] == [3, 3, 3]
    apart.setDecomposition([g * 2 for g in groups])
    assert apart.params.tolist() == (2 * before).tolist()
    old = recorded("man_decomposable")
    named = {(m.name, n): i for (m, n), i in old.decompositionIndices.items()}
    assert named == {(m.name, n): i for (m, n), i in apart.decompositionIndices.items()}
    with pytest.raises(ValueError, match="3 groups of parameters are needed; 1 were given"):
        apart.setDecomposition([[1]])


def test_a_module_with_parameters_is_not_decomposed():
    from pybrain.structure import GaussianLayer
    from pybrain.structure.networks.neurondecomposable import FeedForwardDecomposableNetwork

    with pytest.raises(ValueError, match="do not belong to a single neuron"):
        FeedForwardDecomposableNetwork().addModule(GaussianLayer(1))


def test_a_recurrent_network_can_be_decomposed():
    net = buildNetwork(1, 2, 1, bias=False, selfrecurrent=True)
    y = net.activate([1.0])
    apart = NeuronDecomposableNetwork.convertNormalNetwork(net)
    assert apart.activate([1.0]).tolist() == y.tolist()
    assert sum(len(g) for g in apart.getDecomposition()) == apart.paramdim == 8


def test_converting_to_a_fast_network_returns_the_network():
    net = buildNetwork(1, 1)
    assert net.convertToFastNetwork() is net
    assert isinstance(net, FeedForwardNetwork)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "parameters"),
    [({}, 21), ({"peepholes": True}, 21 + 16 * 4)],
)
def test_a_capture_game_network_of_memory_cells_has_slots_for_both_dimensions(options, parameters):
    net = CaptureGameNetwork(size=2, hsize=1, componentclass=MDLSTMLayer, **options)
    assert net.paramdim == parameters
    assert net.name.startswith("CaptureGameNetwork-s2-h1-MDLSTMLayer--")
    assert gradientCheck(net)


def swiping(size, predefined, **options):
    def flat(name):
        layer = LinearLayer(size**3, name=name)
        return ModuleMesh.viewOnFlatLayer(layer, (size,) * 3, f"{name}mesh")

    hidden = ModuleMesh.constructWithLayers(TanhLayer, 1, (size, size, size, 8), "hidden")
    return BorderSwipingNetwork(flat("input"), hidden, flat("output"), predefined=predefined, **options)


@pytest.mark.slow
def test_weights_at_new_borders_begin_with_a_mean_over_the_predefined_ones():
    np.random.seed(1)
    small = swiping(3, {"outconn": MotherConnection(1)})
    small._setParameters(np.arange(1, 8) / 10)
    large = swiping(5, small.predefined)
    weights = [0.1, 0.2, 0.3, 0.3, 0.4, 0.5, 0.43333, 0.4, 0.46667, 0.41429, 0.6, 0.7]
    assert large.params == pytest.approx(weights, abs=1e-5)
    random = swiping(5, swiping(3, {}).predefined, extrapolateBorderValues=False)
    assert len(set(random.params)) == 12
