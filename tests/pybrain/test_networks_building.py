"""Building and sorting networks, their text, and error messages."""

from __future__ import annotations

import pickle
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

import pybrain.utilities as utilities
from pybrain.structure import (
    BiasUnit,
    FeedForwardNetwork,
    FullConnection,
    FullNotSelfConnection,
    GaussianLayer,
    IdentityConnection,
    LinearConnection,
    LinearLayer,
    LSTMLayer,
    MotherConnection,
    RecurrentNetwork,
    ReluLayer,
    SharedFullConnection,
    SigmoidLayer,
    SoftmaxLayer,
    TanhLayer,
)
from pybrain.structure.connections.permutation import PermutationConnection
from pybrain.structure.connections.shared import OwnershipViolation
from pybrain.structure.networks.mdrnn import _Mdrnn
from pybrain.structure.networks.network import Network, NetworkConstructionException
from pybrain.tools.shortcuts import NetworkError, _buildNetwork, buildNetwork


def chain(*layers, recurrent=False):
    """Return an unsorted network of these layers."""
    net = RecurrentNetwork() if recurrent else FeedForwardNetwork()
    net.addInputModule(layers[0])
    for layer in layers[1:-1]:
        net.addModule(layer)
    net.addOutputModule(layers[-1])
    for before, after in pairwise(layers):
        net.addConnection(FullConnection(before, after))
    return net


# --- buildNetwork ---


def test_layers_have_pybrains_names():
    net = buildNetwork(2, 3, 4, 1)
    assert sorted(m.name for m in net.modules) == ["bias", "hidden0", "hidden1", "in", "out"]
    assert net["nothing"] is None
    assert [type(net[name]) for name in ("in", "hidden0", "out")] == [LinearLayer, SigmoidLayer, LinearLayer]
    assert net.paramdim == 2 * 3 + 3 * 4 + 4 + 3 + 4 + 1


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"bias": False}, 9),
        ({"outputbias": False}, 12),
        ({"recurrent": True}, 13),
        ({"selfrecurrent": True}, 22),
        ({"fast": True}, 13),
        ({}, 13),
    ],
)
def test_options_set_the_connections(options, count):
    assert buildNetwork(2, 3, 1, **options).paramdim == count


def test_layer_classes_can_be_selected():
    net = buildNetwork(2, 3, 1, hiddenclass=TanhLayer, outclass=SoftmaxLayer)
    assert isinstance(net["hidden0"], TanhLayer)
    assert isinstance(net["out"], SoftmaxLayer)


def test_the_recurrent_option_leaves_recurrent_connections_to_the_program():
    net = buildNetwork(2, 3, 1, recurrent=True)
    assert isinstance(net, RecurrentNetwork)
    assert (net.recurrentConns, net.paramdim) == ([], 13)


def test_the_selfrecurrent_option_adds_recurrent_connections():
    net = buildNetwork(1, 3, 4, 1, selfrecurrent=True)
    assert isinstance(net, RecurrentNetwork)
    assert [(c.inmod.name, c.outmod.name) for c in net.recurrentConns] == [
        ("hidden0", "hidden0"),
        ("hidden1", "hidden1"),
    ]
    first = net.activate([1])
    assert net.activate([1]).tolist() != first.tolist()
    net.reset()
    assert net.activate([1]).tolist() == first.tolist()


def test_several_lstm_layers_are_supported():
    net = buildNetwork(1, 3, 2, 1, hiddenclass=LSTMLayer, peepholes=True)
    assert [len(c.params) for c in net.recurrentConns] == [36, 16]
    assert net["hidden1"].paramdim == 6
    assert net.activate([1]).shape == (1,)


@pytest.mark.parametrize(
    ("layers", "options", "message"),
    [
        (
            (1, 1),
            {"hidden": 3},
            "no option 'hidden'; accepted: bias, fast, hiddenclass, outclass, outputbias",
        ),
        ((3,), {}, "at least 2 layers, for input and output; 1 given"),
        ((3, 0, 1), {}, "at least 1, not 0"),
        ((3, 1.5, 1), {}, "at least 1, not 1.5"),
        ((3, True), {}, "at least 1, not True"),
    ],
)
def test_invalid_arguments_of_buildnetwork_are_refused(layers, options, message):
    with pytest.raises(NetworkError, match=message):
        buildNetwork(*layers, **options)


def test_user_defined_layers_can_be_used_in_a_network():
    net = _buildNetwork(LinearLayer(2, name="a"), TanhLayer(3, name="b"), LinearLayer(1, name="c"), bias=True)
    assert net.paramdim == 13
    assert isinstance(_buildNetwork(LinearLayer(1), LSTMLayer(1), LinearLayer(1)), RecurrentNetwork)
    pair = _buildNetwork((LinearLayer(2),), (GaussianLayer(4), TanhLayer(4)), (LinearLayer(2),), bias=True)
    assert pair.paramdim == 8 + 4 + 4 + 8 + 2
    assert [type(m).__name__ for m in pair.modulesSorted].index("GaussianLayer") < [
        type(m).__name__ for m in pair.modulesSorted
    ].index("TanhLayer")
    with pytest.raises(NetworkError, match="consists of modules"):
        _buildNetwork((LinearLayer(1), FullConnection), LinearLayer(1))
    with pytest.raises(NetworkError, match="accepted: bias, fast"):
        _buildNetwork(LinearLayer(1), LinearLayer(1), recurrent=True)


# --- order and layout ---


def test_parameters_are_ordered_by_module_name_shared_and_recurrent():
    net = RecurrentNetwork()
    a, b, h = LinearLayer(1, name="a"), LSTMLayer(1, peepholes=True, name="b"), LinearLayer(1, name="h")
    net.addOutputModule(h)
    net.addInputModule(a)
    net.addModule(b)
    mother = MotherConnection(1, name="mother")
    parts = [
        FullConnection(a, b, name="z"),
        FullConnection(a, h, name="y"),
        FullConnection(b, h, name="x"),
        SharedFullConnection(mother, a, h),
    ]
    for c in parts:
        net.addConnection(c)
    last, first = FullConnection(h, b, name="last"), FullConnection(h, h, name="first")
    net.addRecurrentConnection(last)
    net.addRecurrentConnection(first)
    net.sortModules()
    wanted = [parts[1], parts[0], b, parts[2], mother, first, last]
    assert net.params.tolist() == np.concatenate([c.params for c in wanted]).tolist()
    net.params[:] = np.arange(net.paramdim)
    assert parts[1].params.tolist() == [0]
    assert b.ingatePeepWeights.tolist() == [5]
    assert last.params.tolist() == [net.paramdim - 4 + k for k in range(4)]


def layout(net):
    return [(c.inmod.name, c.outmod.name) for c in net._containers()]


def test_the_parameter_layout_does_not_depend_on_earlier_names():
    wanted = layout(buildNetwork(3, 4, 4, 3, 2))
    for _ in range(120):
        assert layout(buildNetwork(3, 4, 4, 3, 2)) == wanted


def test_numbered_names_of_one_network_have_equal_length():
    for _ in range(60):
        net = buildNetwork(1, 2, 2, 2, 1)
        numbers = [c.name.split("-")[1] for m in net.modules for c in net.connections[m]]
        assert len({len(n) for n in numbers}) == 1


@pytest.mark.slow
def test_a_seed_gives_the_same_network_in_every_process():
    program = (
        "import numpy; from pybrain.tools.shortcuts import buildNetwork\n"
        "numpy.random.seed(3); print(buildNetwork(3, 4, 4, 2).params.tolist())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_sorting_again_changes_nothing():
    net = buildNetwork(2, 3, 1)
    before = net.params.copy()
    net.sortModules()
    assert net.params.tolist() == before.tolist()


def test_a_network_can_grow_and_keeps_its_weights():
    net = buildNetwork(2, 3, 1, bias=False)
    x = [1.0, 2.0]
    before = net.activate(x)
    extra = FullConnection(net["in"], net["out"])
    net.addConnection(extra)
    with pytest.raises(NetworkConstructionException, match=r"call sortModules\(\) first"):
        net.activate(x)
    net.sortModules()
    np.testing.assert_allclose(net.activate(x), before + extra.params.dot(x))
    assert net.paramdim == 11


def test_replacing_the_array_of_a_connection_takes_effect_immediately():
    net = buildNetwork(2, 1, bias=False)
    connection = net.connections[net["in"]][0]
    connection._params = np.array([1.0, 10.0])
    assert net.activate([1, 1]).tolist() == [11.0]
    assert net.params.tolist() == [1.0, 10.0]
    net.params[:] = 2.0
    assert net.activate([1, 1]).tolist() == [4.0]


# --- mistakes ---


def test_a_loop_is_refused_and_its_modules_are_named():
    a, b, c = LinearLayer(1, name="a"), LinearLayer(1, name="b"), LinearLayer(1, name="c")
    net = chain(a, b, c)
    net.addConnection(FullConnection(c, b))
    with pytest.raises(
        NetworkConstructionException, match=r"^Loop in network graph\..*'b', 'c'.*addRecurrentConn"
    ):
        net.sortModules()


def test_an_unsorted_network_is_refused_with_advice():
    net = chain(LinearLayer(1), LinearLayer(1))
    for use in (
        lambda: net.activate([1]),
        lambda: net.params,
        lambda: net.reset(),
        lambda: net.randomize(),
        lambda: net.activateRows([[1]]),
    ):
        with pytest.raises((NetworkConstructionException, ValueError), match=r"sortModules|inputs"):
            use()


def test_modules_may_share_a_name():
    net = FeedForwardNetwork(name="n")
    first, second = LinearLayer(1, name="x"), LinearLayer(1, name="x")
    net.addInputModule(first)
    net.addOutputModule(second)
    net.addConnection(FullConnection(first, second))
    net.sortModules()
    assert net["x"] is first
    net.params[:] = 3.0
    assert net.activate([2.0]).tolist() == [6.0]


@pytest.mark.parametrize("outside", ["source", "target"])
def test_a_connection_to_a_module_outside_the_network_is_refused_while_sorting(outside):
    net = chain(LinearLayer(1, name="a"), LinearLayer(1, name="b"))
    ends = [net["a"], LinearLayer(1, name="c")]
    net.addConnection(FullConnection(*(ends if outside == "target" else ends[::-1])))
    with pytest.raises(NetworkConstructionException, match=r"module 'c' is not in network .*; add it first"):
        net.sortModules()


def test_a_connection_may_be_added_before_its_modules():
    net = RecurrentNetwork()
    inputs, outputs = LinearLayer(1, name="in"), LinearLayer(1, name="out")
    net.addConnection(FullConnection(inputs, outputs, name="c"))
    net.addRecurrentConnection(FullConnection(outputs, outputs, name="r"))
    net.addInputModule(inputs)
    net.addOutputModule(outputs)
    net.sortModules()
    net.params[:] = [2.0, 0.5]
    assert [net.activate([1.0]).tolist(), net.activate([0.0]).tolist()] == [[2.0], [1.0]]
    assert pickle.loads(pickle.dumps(net)).activate([0.0]).tolist() == [0.5]


def test_a_network_without_input_and_output_can_be_sorted():
    net = Network(name="n")
    layers = [LinearLayer(2, name=name) for name in ("b", "a")]
    for layer in layers:
        net.addModule(layer)
    net.addConnection(FullConnection(*layers))
    net.sortModules()
    assert str(net.modulesSorted) == "[<LinearLayer 'b'>, <LinearLayer 'a'>]"
    assert (net.indim, net.outdim, net.paramdim) == (0, 0, 4)


def test_a_class_instead_of_a_module_is_refused():
    with pytest.raises(NetworkConstructionException, match=r"LinearLayer is a class; add an object"):
        FeedForwardNetwork().addModule(LinearLayer)


def test_an_unknown_option_names_the_accepted_ones():
    with pytest.raises(TypeError, match=r"FeedForwardNetwork has no option 'bias'; accepted: .*name"):
        FeedForwardNetwork(bias=True)


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1, 2, 3], "takes 2 inputs; 3 values were given"),
        ([1], "takes 2 inputs; 1 values were given"),
        ([[1, 2]], r"takes 2 inputs; shape \(1, 2\) was given"),
        (5.0, r"takes 2 inputs; shape \(\) was given"),
        ([1, float("nan")], "input 1 of .* is nan; every input must be a finite number"),
        ([float("-inf"), 1], "input 0 of .* is -inf"),
        ([1, None], "input 1 of .* is nan"),
        (["a", "b"], "takes 2 numbers"),
        ({"a": 1}, "takes 2 numbers"),
    ],
)
def test_invalid_input_is_refused(recurrent, x, message):
    net = buildNetwork(2, 3, 1, recurrent=recurrent)
    with pytest.raises(ValueError, match=message):
        net.activate(x)
    assert net.offset == 0


def test_numeric_text_and_large_numbers_are_accepted():
    net = buildNetwork(2, 3, 1)
    assert net.activate(["1", "2.5"]).tolist() == net.activate((1, 2.5)).tolist()
    assert np.isfinite(net.activate([1e200, -1e300])).all()


def test_a_callers_array_is_not_changed():
    net = chain(LinearLayer(2), LinearLayer(2))
    net.sortModules()
    x = np.array([1.0, 2.0])
    net.activate(x)
    x[:] = 9
    assert net.inputbuffer[0].tolist() == [1, 2]


def test_errors_and_parameters_of_the_wrong_size_name_both_sizes():
    net = buildNetwork(2, 3, 1)
    net.activate([1, 2])
    with pytest.raises(ValueError, match="has 1 outputs; 2 output errors were given"):
        net.backActivate([1, 2])
    with pytest.raises(ValueError, match="has 13 parameters; 12 were given"):
        net._setParameters(np.zeros(12))
    with pytest.raises(ValueError, match="has 13 derivatives; 14 were given"):
        net._setDerivatives(np.zeros(14))
    with pytest.raises(ValueError, match=r"'c' has 4 parameters; shape .2, 2. were given"):
        FullConnection(LinearLayer(2), LinearLayer(2), name="c")._setParameters(np.zeros((2, 2)))


def test_parameters_are_copied_into_the_network():
    net = buildNetwork(2, 3, 1)
    values = np.zeros(13)
    net._setParameters(values)
    values[:] = 1
    assert net.activate([1, 2]).tolist() == [0.0]
    net._setParameters([0.5] * 13)
    assert net.params.tolist() == [0.5] * 13


def test_setting_weights_of_a_connection_in_a_network_gives_advice():
    net = buildNetwork(2, 1, bias=False)
    connection = net.connections[net["in"]][0]
    with pytest.raises(Exception, match=r"Parameter ownership mismatch: .* obj\.params\[:\] = values"):
        connection._setParameters([1, 2])
    connection.params[:] = [1, 2]
    assert net.activate([1, 1]).tolist() == [3.0]


def test_shared_connections_store_no_parameters():
    mother = MotherConnection(2, name="m")
    connection = SharedFullConnection(mother, LinearLayer(2), LinearLayer(1))
    assert connection.params is mother.params
    assert connection.name == "m"
    with pytest.raises(OwnershipViolation, match="set those of"):
        connection._setParameters([1, 2])
    with pytest.raises(ValueError, match="takes 4 parameters; its mother 'm' holds 2"):
        SharedFullConnection(mother, LinearLayer(2), LinearLayer(2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda a, b: FullConnection(a, b, inSliceTo=4),
            "inSliceFrom=0, inSliceTo=4 is not a slice of the 3 outputs",
        ),
        (
            lambda a, b: FullConnection(a, b, outSliceFrom=3),
            "outSliceFrom=3, outSliceTo=2 is not a slice of the 2",
        ),
        (lambda a, b: IdentityConnection(a, b), "3 outputs cannot be connected one to one with 2 inputs"),
        (lambda a, b: LinearConnection(a, b), "3 outputs cannot be connected one to one with 2 inputs"),
        (lambda a, b: FullNotSelfConnection(a, b), "3 outputs cannot be connected one to one with 2 inputs"),
        (
            lambda a, b: PermutationConnection(a, a, [0, 1], 1),
            "2 blocks of 1 do not carry 3 outputs to 3 inputs",
        ),
        (lambda a, b: PermutationConnection(a, a, [0, 1, 1], 1), "is not a permutation of 0 .. 2"),
    ],
)
def test_connections_of_the_wrong_size_name_both_sizes(make, message):
    with pytest.raises(ValueError, match=message):
        make(LinearLayer(3), LinearLayer(2))


def test_networks_that_require_arac_are_refused_with_advice():
    with pytest.raises(NotImplementedError, match="needs arac"):
        _Mdrnn(1, (2,), 1, 1)


# --- recurrent networks ---


def test_backward_steps_beyond_the_first_are_refused():
    net = buildNetwork(1, 2, 1, selfrecurrent=True)
    net.activate([1])
    net.backActivate([1])
    with pytest.raises(ValueError, match="no time step left to propagate back through"):
        net.backActivate([1])


def test_errors_of_an_abandoned_sequence_do_not_affect_later_steps():
    net = buildNetwork(1, 2, 1, selfrecurrent=True)
    for x in ([1], [2], [3]):
        net.activate(x)
    net.backActivate([5])
    net.backActivate([5])
    net.activate([2])
    net.resetDerivatives()
    net.backActivate([0])
    assert not net.derivs.any()


def test_forget_gives_the_same_outputs_in_bounded_memory():
    net = buildNetwork(2, 3, 1, hiddenclass=LSTMLayer)
    rows = np.random.RandomState(1).normal(size=(40, 2))
    remembered = [net.activate(row) for row in rows]
    other = net.copy()
    other.forget = True
    other.reset()
    np.testing.assert_array_equal([other.activate(row) for row in rows], remembered)
    assert other.offset == 1
    assert RecurrentNetwork(forget=True).forget is True
    with pytest.raises(ValueError, match=r"keeps no history \(forget=True\)"):
        other.backActivate([1])


def test_buffers_grow_with_a_long_sequence():
    net = buildNetwork(1, 2, 1, selfrecurrent=True)
    for _ in range(70):
        net.activate([1])
    assert net.offset == 70
    assert net["hidden0"].offset == 70
    assert len(net.outputbuffer) >= 70
    net.reset()
    assert not net["hidden0"].outputbuffer.any()


def test_nested_networks_receive_input_at_every_step_without_legacy_nesting():
    inner = buildNetwork(1, 1, bias=False)
    net = chain(LinearLayer(1), inner, LinearLayer(1), recurrent=True)
    net.sortModules()
    net.params[:] = 1.0
    assert [net.activate([x])[0] for x in (1, 2, 3)] == [1, 2, 3]
    net.reset()
    inner.legacyNesting = True
    assert [net.activate([x])[0] for x in (1, 2, 3)] == [1, 0, 0]


# --- data sets ---


def test_a_data_set_is_computed_row_by_row_or_as_a_batch():
    net = buildNetwork(2, 3, 1)
    rows = np.random.RandomState(0).normal(size=(5, 2))
    wanted = [net.activate(row) for row in rows]
    np.testing.assert_allclose(net.activateOnDataset([(row, None) for row in rows]), wanted, rtol=1e-13)
    assert net.activateOnDataset([]).shape == (0, 1)


def test_each_sequence_of_a_data_set_starts_from_a_reset_network():
    from pybrain.datasets import SequentialDataSet

    net = buildNetwork(1, 2, 1, selfrecurrent=True)
    data = SequentialDataSet(1, 1)
    for _ in range(2):
        data.newSequence()
        for x in (1, 2):
            data.addSample([x], [0])
    y = net.activateOnDataset(data)
    assert y.shape == (4, 1)
    assert y[:2].tolist() == y[2:].tolist()


def test_rows_of_the_wrong_width_are_refused():
    net = buildNetwork(2, 1)
    with pytest.raises(ValueError, match=r"rows of 2 inputs; shape \(1, 3\) was given"):
        net.activateRows([[1, 2, 3]])
    with pytest.raises(ValueError, match=r"row 1, input 0 of .* is nan; every input must be a finite"):
        net.activateRows([[1, 2], [float("nan"), 1]])


def test_random_layers_sample_row_by_row():
    from pybrain.structure import GaussianLayer

    net = chain(LinearLayer(2), GaussianLayer(2), GaussianLayer(1))
    net.sortModules()
    np.random.seed(1)
    wanted = [net.activate(row).tolist() for row in ([1, 2], [3, 4])]
    np.random.seed(1)
    assert net.activateRows([[1, 2], [3, 4]]).tolist() == wanted


# --- text ---


def test_connections_are_printed_by_name_and_recurrent_ones_after_them():
    net = RecurrentNetwork(name="net")
    a, b, bias = LinearLayer(1, name="a"), LinearLayer(1, name="b"), BiasUnit(name="0")
    for add, module in ((net.addInputModule, a), (net.addOutputModule, b), (net.addModule, bias)):
        add(module)
    net.addConnection(FullConnection(bias, b, name="z"))
    net.addConnection(FullConnection(a, b, name="y"))
    net.sortModules()
    assert str(net).splitlines()[4:] == [
        "    [<FullConnection 'y': 'a' -> 'b'>, <FullConnection 'z': '0' -> 'b'>]",
        "   Recurrent Connections:",
        "    []",
    ]


def test_printing_a_network_gives_pybrains_text():
    net = chain(LinearLayer(1, name="a"), ReluLayer(2, name="b"), LinearLayer(1, name="c"))
    net.name = "net"
    net.sortModules()
    names = [c.name for c in net._containers()]
    assert str(net) == (
        "net\n"
        "   Modules:\n"
        "    [<LinearLayer 'a'>, <ReluLayer 'b'>, <LinearLayer 'c'>]\n"
        "   Connections:\n"
        f"    [<FullConnection '{names[0]}': 'a' -> 'b'>, <FullConnection '{names[1]}': 'b' -> 'c'>]\n"
    )


def test_printing_a_recurrent_network_shows_recurrent_connections():
    text = str(buildNetwork(1, 2, 1, selfrecurrent=True))
    assert "   Recurrent Connections:\n" in text
    assert "'hidden0' -> 'hidden0'" in text


def test_repr_shows_class_and_name_as_pybrain_does():
    assert repr(RecurrentNetwork(name="cyc")) == "<RecurrentNetwork 'cyc'>"


def test_default_names_are_generated_and_can_be_changed():
    layer = BiasUnit()
    assert layer.name.startswith("BiasUnit-")
    layer.name = "b"
    assert repr(layer) == "<BiasUnit 'b'>"
    assert utilities.canonicClassString(layer) == "pybrain.structure.modules.biasunit.BiasUnit"


def test_equality_is_identity():
    a, b = LinearLayer(1, name="x"), LinearLayer(1, name="x")
    assert a != b
    assert len({a, b}) == 2
