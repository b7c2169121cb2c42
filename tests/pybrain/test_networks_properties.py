"""Random networks of all parts: compared with a reference evaluation, pickled, copied, written as XML.

A network is described by plain data first. The evaluation works on that description, number by number, with
nothing but the math module; it shares no code with the library.
"""

from __future__ import annotations

import math
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybrain.structure import (
    BiasUnit,
    DoubleGateLayer,
    FeedForwardNetwork,
    FullConnection,
    FullNotSelfConnection,
    GateLayer,
    IdentityConnection,
    LinearConnection,
    LinearLayer,
    LSTMLayer,
    MDLSTMLayer,
    MotherConnection,
    MultiplicationLayer,
    PartialSoftmaxLayer,
    RecurrentNetwork,
    ReluLayer,
    SharedFullConnection,
    SigmoidLayer,
    SoftmaxLayer,
    SwitchLayer,
    TanhLayer,
)
from pybrain.structure.connections.permutation import PermutationConnection
from pybrain.structure.connections.subsampling import SubsamplingConnection
from pybrain.structure.modules.mixturedensity import MixtureDensityLayer
from pybrain.structure.modules.softsign import SoftSignLayer
from pybrain.tools.customxml import NetworkReader, NetworkWriter

# --- the plain evaluation ---


def exp(x):
    return math.exp(min(max(x, -500.0), 500.0))


def sigmoid(x):
    return 1.0 / (1.0 + exp(-x))


def softmax(x):
    total = sum(exp(v) for v in x)
    return [exp(v) / total for v in x]


def halves(x):
    return x[: len(x) // 2], x[len(x) // 2 :]


def gate(x):
    return [sigmoid(a) * b for a, b in zip(*halves(x), strict=True)]


def double_gate(x):
    return gate(x) + [(1 - sigmoid(a)) * b for a, b in zip(*halves(x), strict=True)]


def mixture(x, k):
    return softmax(x[:k]) + [exp(v) for v in x[k : 2 * k]] + list(x[2 * k :])


def lstm(x, d, p, before):
    peep = p or [0.0] * (3 * d)
    y, state = [], []
    for j in range(d):
        last = 0.0 if before is None else before[j]
        i = sigmoid(x[j] + peep[j] * last)
        f = sigmoid(x[d + j] + peep[d + j] * last)
        s = i * math.tanh(x[2 * d + j]) + f * last
        o = sigmoid(x[3 * d + j] + peep[2 * d + j] * s)
        y.append(o * math.tanh(s))
        state.append(s)
    return y, state


def mdlstm(x, d, dims, p):
    peep = p or [0.0] * ((2 + dims) * d)
    y, state = [], []
    for j in range(d):
        past = [x[(3 + dims + k) * d + j] for k in range(dims)]
        i = sigmoid(x[j] + sum(peep[j] * v for v in past))
        s = i * math.tanh(x[(1 + dims) * d + j])
        for k in range(dims):
            s += sigmoid(x[(1 + k) * d + j] + peep[(1 + k) * d + j] * past[k]) * past[k]
        o = sigmoid(x[(2 + dims) * d + j] + peep[(1 + dims) * d + j] * s)
        y.append(o * math.tanh(s))
        state.append(s)
    return y + state


# kind -> (class, its arguments, width of input, width of output, function of (input, parameters))
def layer_kinds(n):
    return {
        "linear": (LinearLayer, (n,), n, n, lambda x, p: list(x)),
        "sigmoid": (SigmoidLayer, (n,), n, n, lambda x, p: [sigmoid(v) for v in x]),
        "tanh": (TanhLayer, (n,), n, n, lambda x, p: [math.tanh(v) for v in x]),
        "relu": (ReluLayer, (n,), n, n, lambda x, p: [max(v, 0.0) for v in x]),
        "softsign": (SoftSignLayer, (n,), n, n, lambda x, p: [v / (1 + abs(v)) for v in x]),
        "softmax": (SoftmaxLayer, (n,), n, n, lambda x, p: softmax(x)),
        "partial": (
            PartialSoftmaxLayer,
            (2 * n, n),
            2 * n,
            2 * n,
            lambda x, p: softmax(x[:n]) + softmax(x[n:]),
        ),
        "product": (MultiplicationLayer, (n,), 2 * n, n, lambda x, p: [x[k] * x[n + k] for k in range(n)]),
        "gate": (GateLayer, (n,), 2 * n, n, lambda x, p: gate(x)),
        "double gate": (DoubleGateLayer, (n,), 2 * n, 2 * n, lambda x, p: double_gate(x)),
        "switch": (
            SwitchLayer,
            (n,),
            n,
            2 * n,
            lambda x, p: [sigmoid(v) for v in x] + [1 - sigmoid(v) for v in x],
        ),
        "mixture": (MixtureDensityLayer, (1, None, n), 3 * n, 3 * n, lambda x, p: mixture(x, n)),
        "mdlstm": (MDLSTMLayer, (n, 2, False), 7 * n, 2 * n, lambda x, p: mdlstm(x, n, 2, None)),
        "mdlstm peep": (MDLSTMLayer, (n, 2, True), 7 * n, 2 * n, lambda x, p: mdlstm(x, n, 2, p)),
        "lstm": (LSTMLayer, (n, False), 4 * n, n, None),
        "lstm peep": (LSTMLayer, (n, True), 4 * n, n, None),
    }


FEED_FORWARD_KINDS = sorted(set(layer_kinds(1)) - {"lstm", "lstm peep"})


def carry(edge, y):
    """Return the contribution of an edge as a list, for the slice ``y`` of its source."""
    p, kind, rows, columns = edge["params"], edge["kind"], edge["out"], edge["in"]
    height, width = rows[1] - rows[0], columns[1] - columns[0]
    if kind in ("full", "shared"):
        return [sum(p[o * width + i] * y[i] for i in range(width)) for o in range(height)]
    if kind == "not self":
        return [sum(p[o * width + i] * y[i] for i in range(width) if i != o) for o in range(height)]
    if kind == "linear":
        return [w * v for w, v in zip(p, y, strict=True)]
    if kind == "mean":
        return [sum(y) / width * w for w in p]
    if kind == "permutation":
        return [y[k] for k in edge["order"]]
    return list(y)


def reference_outputs(description, sequence):
    """Return the outputs for a sequence of inputs, from a reset network."""
    answers, last, states = [], None, {}
    for x in sequence:
        values = []
        position = 0
        for m, module in enumerate(description["modules"]):
            width = module["indim"]
            total = [0.0] * width
            if m in description["inputs"]:
                total = [float(v) for v in x[position : position + width]]
                position += width
            for edge in description["edges"]:
                if edge["target"] != m or (edge["delayed"] and last is None):
                    continue
                source = (last if edge["delayed"] else values)[edge["source"]]
                added = carry(edge, source[slice(*edge["in"])])
                for k, v in enumerate(added):
                    total[edge["out"][0] + k] += v
            if module["kind"] == "bias":
                values.append([1.0])
            elif module["kind"].startswith("lstm"):
                y, states[m] = lstm(total, module["size"], module["params"], states.get(m))
                values.append(y)
            else:
                function = layer_kinds(module["size"])[module["kind"]][4]
                values.append(function(total, module["params"]))
        last = values
        answers.append([v for m in description["outputs"] for v in values[m]])
    return answers


# --- random descriptions ---

WEIGHTS = st.floats(-3, 3, allow_nan=False, width=32)


@st.composite
def networks(draw, recurrent):
    """Generate the description of a random network; module 0 is an input, the last one an output."""
    kinds = [*FEED_FORWARD_KINDS, "lstm", "lstm peep"] if recurrent else FEED_FORWARD_KINDS
    modules, edges = [], []
    for position in range(draw(st.integers(2, 5))):
        kind = "bias" if position == 1 and draw(st.booleans()) else draw(st.sampled_from(kinds))
        size = draw(st.integers(1, 3))
        if kind == "bias":
            modules.append({"kind": kind, "size": 1, "indim": 0, "outdim": 1, "params": []})
            continue
        _, _, indim, outdim, _ = layer_kinds(size)[kind]
        count = {"lstm peep": 3 * size, "mdlstm peep": 4 * size}.get(kind, 0)
        params = draw(st.lists(WEIGHTS, min_size=count, max_size=count))
        modules.append({"kind": kind, "size": size, "indim": indim, "outdim": outdim, "params": params})
    mothers = []
    for target in range(1, len(modules)):
        for source in range(target):
            if modules[target]["indim"] and draw(st.integers(0, 3)):
                edges.append(draw(an_edge(modules, source, target, False, mothers)))
    if recurrent:
        for _ in range(draw(st.integers(1, 3))):
            source, target = draw(st.integers(0, len(modules) - 1)), draw(st.integers(0, len(modules) - 1))
            if modules[target]["indim"]:
                edges.append(draw(an_edge(modules, source, target, True, mothers)))
    inputs = [0] + [m for m in range(1, len(modules)) if modules[m]["indim"] and draw(st.integers(0, 5)) == 0]
    outputs = [len(modules) - 1] + [m for m in range(len(modules) - 1) if draw(st.integers(0, 4)) == 0]
    indim = sum(modules[m]["indim"] for m in inputs)
    steps = draw(st.integers(1, 4))
    row = st.lists(st.floats(-4, 4, width=32), min_size=indim, max_size=indim)
    return {
        "recurrent": recurrent,
        "modules": modules,
        "edges": edges,
        "inputs": inputs,
        "outputs": outputs,
        "sequence": draw(st.lists(row, min_size=steps, max_size=steps)),
    }


@st.composite
def an_edge(draw, modules, source, target, delayed, mothers):
    """Generate a connection of a random kind between random slices."""
    height, width = modules[target]["indim"], modules[source]["outdim"]
    out, into = draw(a_slice(height)), draw(a_slice(width))
    common = min(out[1] - out[0], into[1] - into[0])
    kind = draw(
        st.sampled_from(["full", "full", "shared", "identity", "linear", "mean", "not self", "permutation"])
    )
    if kind in ("identity", "linear", "not self", "permutation"):
        out, into = (out[0], out[0] + common), (into[0], into[0] + common)
    height, width = out[1] - out[0], into[1] - into[0]
    count = {"full": height * width, "shared": height * width, "not self": common**2}.get(kind, 0)
    count = {"linear": common, "mean": height}.get(kind, count)
    params = draw(st.lists(WEIGHTS, min_size=count, max_size=count))
    mother = None
    if kind == "shared":
        known = [k for k, values in enumerate(mothers) if len(values) == count]
        if known and draw(st.booleans()):
            mother = known[0]
        else:
            mothers.append(params)
            mother = len(mothers) - 1
        params = mothers[mother]
    order = draw(st.permutations(range(common))) if kind == "permutation" else None
    edge = {"kind": kind, "source": source, "target": target, "in": into, "out": out, "params": params}
    return edge | {"delayed": delayed, "mother": mother, "order": order}


def a_slice(width):
    return st.integers(0, width - 1).flatmap(lambda a: st.integers(a + 1, width).map(lambda b: (a, b)))


# --- the same as a network of the library ---


def built(description):
    """Build the network of a description; return it and its connections in the order of the edges."""
    net = RecurrentNetwork() if description["recurrent"] else FeedForwardNetwork()
    modules = []
    for position, module in enumerate(description["modules"]):
        if module["kind"] == "bias":
            layer = BiasUnit()
        else:
            cls, arguments, *_ = layer_kinds(module["size"])[module["kind"]]
            layer = cls(*arguments)
        layer.name = f"m{position}"
        if module["params"]:
            layer.params[:] = module["params"]
        modules.append(layer)
    for m in description["inputs"]:
        net.addInputModule(modules[m])
    for m in description["outputs"]:
        net.addOutputModule(modules[m])
    for layer in modules:
        net.addModule(layer)
    mothers = {}
    for edge in description["edges"]:
        connection = connected(edge, modules, mothers)
        (net.addRecurrentConnection if edge["delayed"] else net.addConnection)(connection)
    net.sortModules()
    return net


def connected(edge, modules, mothers):
    a, b = modules[edge["source"]], modules[edge["target"]]
    bounds = {"inSliceFrom": edge["in"][0], "inSliceTo": edge["in"][1]}
    bounds |= {"outSliceFrom": edge["out"][0], "outSliceTo": edge["out"][1]}
    kind = edge["kind"]
    if kind == "shared":
        if edge["mother"] not in mothers:
            mothers[edge["mother"]] = MotherConnection(len(edge["params"]), name=f"mother{edge['mother']}")
            mothers[edge["mother"]].params[:] = edge["params"]
        return SharedFullConnection(mothers[edge["mother"]], a, b, **bounds)
    if kind == "permutation":
        return PermutationConnection(a, b, edge["order"], 1, **bounds)
    classes = {"full": FullConnection, "not self": FullNotSelfConnection, "linear": LinearConnection}
    classes |= {"identity": IdentityConnection, "mean": SubsamplingConnection}
    connection = classes[kind](a, b, **bounds)
    if edge["params"]:
        connection.params[:] = edge["params"]
    return connection


def answers(net, sequence):
    net.reset()
    return np.array([net.activate(row) for row in sequence])


MANY = settings(max_examples=60, deadline=None)
FEW = settings(max_examples=25, deadline=None)
ANY = st.booleans().flatmap(networks)


@pytest.mark.slow
@MANY
@given(ANY)
def test_outputs_equal_a_reference_evaluation(description):
    found = answers(built(description), description["sequence"])
    np.testing.assert_allclose(
        found, reference_outputs(description, description["sequence"]), rtol=1e-9, atol=1e-11
    )


@pytest.mark.slow
@MANY
@given(networks(False))
def test_batched_rows_give_the_same_outputs(description):
    net = built(description)
    rows = np.array(description["sequence"], dtype=float)
    np.testing.assert_allclose(net.activateRows(rows), answers(net, rows), rtol=1e-11, atol=1e-13)


@pytest.mark.slow
@FEW
@given(ANY)
def test_a_network_survives_every_pickle_protocol(description):
    net = built(description)
    wanted = answers(net, description["sequence"])
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(net, protocol))
        assert again.params.tolist() == net.params.tolist()
        np.testing.assert_array_equal(answers(again, description["sequence"]), wanted)


@pytest.mark.slow
@FEW
@given(ANY, st.integers(0, 3))
def test_a_sequence_can_be_continued_after_pickling(description, cut):
    net = built(description)
    wanted = answers(net, description["sequence"])
    cut = min(cut, len(wanted))
    answers(net, description["sequence"][:cut])
    again = pickle.loads(pickle.dumps(net))
    rest = [again.activate(row) for row in description["sequence"][cut:]]
    np.testing.assert_array_equal(np.array(rest).reshape(-1, net.outdim), wanted[cut:])


@pytest.mark.slow
@FEW
@given(ANY)
def test_a_copy_is_equal_and_independent(description):
    net = built(description)
    wanted = answers(net, description["sequence"])
    copy = net.copy()
    assert [m.name for m in copy.modulesSorted] == [m.name for m in net.modulesSorted]
    np.testing.assert_array_equal(answers(copy, description["sequence"]), wanted)
    copy.params[:] = 0.0
    np.testing.assert_array_equal(answers(net, description["sequence"]), wanted)


@pytest.mark.slow
@FEW
@given(ANY)
def test_a_network_survives_xml(description):
    net = built(description)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.xml"
        NetworkWriter.writeToFile(net, path)
        again = NetworkReader.readFrom(path)
    assert again.params.tolist() == net.params.tolist()
    np.testing.assert_array_equal(
        answers(again, description["sequence"]), answers(net, description["sequence"])
    )


@pytest.mark.slow
@FEW
@given(ANY, st.randoms(use_true_random=False))
def test_parameters_can_be_set_and_read_back(description, random):
    net = built(description)
    values = np.array([random.uniform(-1, 1) for _ in range(net.paramdim)])
    net._setParameters(values)
    assert net.params.tolist() == values.tolist()
    other = built(description)
    other.params[:] = values
    np.testing.assert_array_equal(
        answers(other, description["sequence"]), answers(net, description["sequence"])
    )
    parts = [c._trueParameters() for c in net._containers()]
    assert np.concatenate([[], *parts]).tolist() == values.tolist()
    loaded = pickle.loads(pickle.dumps(built(description)))
    loaded.params[:] = values
    np.testing.assert_array_equal(
        answers(loaded, description["sequence"]), answers(net, description["sequence"])
    )


@pytest.mark.slow
@FEW
@given(ANY)
def test_a_session_gives_the_outputs_of_its_network(description):
    net = built(description)
    wanted = answers(net, description["sequence"])
    if description["recurrent"]:
        one, other = net.session(), net.session()
        for row, y in zip(description["sequence"], wanted, strict=True):
            np.testing.assert_array_equal(one.activate(row), y)
            np.testing.assert_array_equal(other.activate(row), y)
