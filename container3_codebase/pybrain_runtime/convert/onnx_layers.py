"""What each kind of layer is in ONNX.

The formulas are those of ``pybrain_runtime.network.layers``. Where ONNX has an operation that computes the same, it is
used; exponents are clipped where that shows in the result.
"""

from __future__ import annotations

from collections.abc import Callable

from pybrain_runtime.convert.onnx_graph import Graph
from pybrain_runtime.network.description import ModuleDescription
from pybrain_runtime.network.layers import whole

Emit = Callable[[Graph, ModuleDescription, str], str]
"""Takes the graph, the layer and the name of its inputs, shape (rows, indim); returns that of its outputs."""


def _operation(name: str) -> Emit:
    return lambda graph, module, x: graph.node(name, x)


def _same(graph: Graph, module: ModuleDescription, x: str) -> str:
    return x


def _softsign(graph: Graph, module: ModuleDescription, x: str) -> str:
    size = graph.node("Add", graph.node("Abs", x), graph.numbers(1.0))
    return graph.node("Div", x, size)


def _clipped(graph: Graph, x: str) -> str:
    return graph.node("Clip", x, graph.numbers(-500.0), graph.numbers(500.0))


def _softmax(graph: Graph, module: ModuleDescription, x: str) -> str:
    # PyBrain subtracts no maximum but clips; softmax of the clipped values is the same number.
    return graph.node("Softmax", _clipped(graph, x), axis=1)


def _partial_softmax(graph: Graph, module: ModuleDescription, x: str) -> str:
    length = whole(module.options, "slicelength")
    slices = graph.node("Reshape", _clipped(graph, x), graph.wholes(-1, module.indim // length, length))
    return graph.node("Reshape", graph.node("Softmax", slices, axis=2), graph.wholes(-1, module.outdim))


def _multiplication(graph: Graph, module: ModuleDescription, x: str) -> str:
    a, b = graph.parts(x, module.outdim, module.outdim)
    return graph.node("Mul", a, b)


def _gate(graph: Graph, module: ModuleDescription, x: str) -> str:
    a, b = graph.parts(x, module.outdim, module.outdim)
    return graph.node("Mul", graph.node("Sigmoid", a), b)


def _double_gate(graph: Graph, module: ModuleDescription, x: str) -> str:
    a, b = graph.parts(x, module.outdim // 2, module.outdim // 2)
    gate = graph.node("Sigmoid", a)
    rest = graph.node("Sub", graph.numbers(1.0), gate)
    return graph.joined(graph.node("Mul", gate, b), graph.node("Mul", rest, b))


def _switch(graph: Graph, module: ModuleDescription, x: str) -> str:
    gate = graph.node("Sigmoid", x)
    return graph.joined(gate, graph.node("Sub", graph.numbers(1.0), gate))


def _mixture_density(graph: Graph, module: ModuleDescription, x: str) -> str:
    mix = whole(module.options, "mixtures")
    weights, widths, centres = graph.parts(x, mix, mix, module.indim - 2 * mix)
    return graph.joined(_softmax(graph, module, weights), graph.node("Exp", _clipped(graph, widths)), centres)


def _mdlstm(graph: Graph, module: ModuleDescription, x: str) -> str:
    dim, dimensions = module.outdim // 2, whole(module.options, "dimensions")
    peeps = module.arrays
    i, forget, g, o, before = graph.parts(x, dim, dimensions * dim, dim, dim, dimensions * dim)
    lasts = graph.parts(before, *[dim] * dimensions)
    gates = graph.parts(forget, *[dim] * dimensions)
    if peeps:
        i = graph.total(i, graph.node("Mul", graph.total(*lasts), graph.numbers(peeps["ingate"])))
        weights = peeps["forgetgate"].reshape(dimensions, dim)
        gates = [
            graph.total(gate, graph.node("Mul", last, graph.numbers(weight)))
            for gate, last, weight in zip(gates, lasts, weights, strict=True)
        ]
    kept = [
        graph.node("Mul", graph.node("Sigmoid", gate), last) for gate, last in zip(gates, lasts, strict=True)
    ]
    state = graph.total(graph.node("Mul", graph.node("Sigmoid", i), graph.node("Tanh", g)), *kept)
    if peeps:
        o = graph.total(o, graph.node("Mul", state, graph.numbers(peeps["outgate"])))
    return graph.joined(graph.node("Mul", graph.node("Sigmoid", o), graph.node("Tanh", state)), state)


def _kohonen(graph: Graph, module: ModuleDescription, x: str) -> str:
    neurons = module.arrays["neurons"]
    side = neurons.shape[0]
    apart = graph.node(
        "Sub", graph.numbers(neurons.reshape(1, side * side, -1)), graph.node("Unsqueeze", x, graph.wholes(1))
    )
    distance = graph.node("ReduceSum", graph.node("Mul", apart, apart), graph.wholes(2), keepdims=0)
    winner = graph.node("ArgMin", distance, axis=1, keepdims=1)
    place = graph.joined(
        graph.node("Div", winner, graph.wholes(side)), graph.node("Mod", winner, graph.wholes(side))
    )
    return graph.node("Cast", place, to=graph.element)


def lstm(graph: Graph, module: ModuleDescription, x: str, last: str | None) -> tuple[str, str]:
    """Adds one time step of an LSTM layer.

    Args:
        graph: where to.
        module: the layer.
        x: its inputs, shape (rows, 4 dim).
        last: its last state, shape (rows, dim); None in the first time step.

    Returns:
        Its outputs and its new state, shape (rows, dim).
    """
    peeps = module.arrays
    i, f, g, o = graph.parts(x, *[module.outdim] * 4)
    if peeps and last is not None:
        i = graph.total(i, graph.node("Mul", last, graph.numbers(peeps["ingate"])))
        f = graph.total(f, graph.node("Mul", last, graph.numbers(peeps["forgetgate"])))
    state = graph.node("Mul", graph.node("Sigmoid", i), graph.node("Tanh", g))
    if last is not None:
        state = graph.total(state, graph.node("Mul", graph.node("Sigmoid", f), last))
    if peeps:
        o = graph.total(o, graph.node("Mul", state, graph.numbers(peeps["outgate"])))
    return graph.node("Mul", graph.node("Sigmoid", o), graph.node("Tanh", state)), state


EMIT: dict[str, Emit] = {
    "LinearLayer": _same,
    "SigmoidLayer": _operation("Sigmoid"),
    "TanhLayer": _operation("Tanh"),
    "ReluLayer": _operation("Relu"),
    "SoftSignLayer": _softsign,
    "SoftmaxLayer": _softmax,
    "PartialSoftmaxLayer": _partial_softmax,
    "MultiplicationLayer": _multiplication,
    "GateLayer": _gate,
    "DoubleGateLayer": _double_gate,
    "SwitchLayer": _switch,
    "MixtureDensityLayer": _mixture_density,
    "MDLSTMLayer": _mdlstm,
    "KohonenMap": _kohonen,
    "GaussianLayer": _same,  # without its noise; with it the network is refused before
}
"""Every layer that has no memory and draws nothing; a bias unit is part of what it is connected to."""
