"""Long short-term memory: the layer with a state, and PyBrain's multi-dimensional cell without one."""

from __future__ import annotations

from functools import partial

import numpy as np

from pybrain_runtime.network.layers.formulas import Array, sigmoid
from pybrain_runtime.network.layers.kernel import (
    Kernel,
    Operands,
    Operation,
    sigmoid_operations,
    sigmoid_scale,
)
from pybrain_runtime.network.layers.kind import (
    Attributes,
    Forward,
    Layer,
    LayerKind,
    OnnxGraph,
    Option,
    Parameter,
)


def _lstm_kernel(layer: Layer, dtype: np.dtype) -> Kernel:
    """Return a kernel that takes its inputs in the order input gate, forget gate, output gate, cell."""
    dim, peepholes = layer.outdim, layer.arrays
    places = np.arange(4 * dim)
    scale = sigmoid_scale(dtype)

    def bind(on: Operands) -> list[Operation]:
        context, state, y = on.context, on.state, on.y
        i, f, o, g = (on.z[start : start + dim] for start in range(0, 4 * dim, dim))
        update: list[Operation] = [
            partial(np.tanh, g, g),
            partial(np.multiply, f, state, state),
            partial(np.multiply, i, g, g),
            partial(np.add, state, g, state),
        ]
        output: list[Operation] = [partial(np.tanh, state, g), partial(np.multiply, o, g, y)]
        if not peepholes:
            return [*sigmoid_operations(context, on.z[: 3 * dim], on.z[: 3 * dim]), *update, *output]

        def peep(name: str, gate: Array) -> list[Operation]:
            weights = context.column(peepholes[name] * scale)
            return [
                partial(np.multiply, weights, state, on.scratch),
                partial(np.add, gate, on.scratch, gate),
            ]

        gates = [*peep("ingate", i), *peep("forgetgate", f)]
        gates += sigmoid_operations(context, on.z[: 2 * dim], on.z[: 2 * dim])
        return [*gates, *update, *peep("outgate", o), *sigmoid_operations(context, o, o), *output]

    return Kernel(
        bind,
        input_scale=np.repeat([scale, scale, scale, 1.0], dim),
        input_order=np.concatenate([places[: 2 * dim], places[3 * dim :], places[2 * dim : 3 * dim]]),
        state_units=dim,
        scratch_units=dim if peepholes else 0,
    )


def _lstm_onnx(graph: OnnxGraph, layer: Layer, x: str, last: str | None) -> tuple[str, str]:
    peepholes = layer.arrays
    i, f, g, o = graph.split(x, *[layer.outdim] * 4)
    if peepholes and last is not None:
        i = graph.add(i, graph.node("Mul", last, graph.numbers(peepholes["ingate"])))
        f = graph.add(f, graph.node("Mul", last, graph.numbers(peepholes["forgetgate"])))
    state = graph.node("Mul", graph.node("Sigmoid", i), graph.node("Tanh", g))
    if last is not None:
        state = graph.add(state, graph.node("Mul", graph.node("Sigmoid", f), last))
    if peepholes:
        o = graph.add(o, graph.node("Mul", state, graph.numbers(peepholes["outgate"])))
    return graph.node("Mul", graph.node("Sigmoid", o), graph.node("Tanh", state)), state


def _mdlstm(layer: Layer) -> Forward:
    dim, dimensions = layer.outdim // 2, layer.integer_option("dimensions")
    peepholes = layer.arrays
    bounds = [dim, (1 + dimensions) * dim, (2 + dimensions) * dim, (3 + dimensions) * dim]

    def forward(x: Array) -> Array:
        i, f, g, o, last = np.split(x, bounds, axis=1)
        f, last = f.reshape(-1, dimensions, dim), last.reshape(-1, dimensions, dim)
        if peepholes:
            i = i + peepholes["ingate"] * last.sum(axis=1)
            f = f + peepholes["forgetgate"].reshape(dimensions, dim) * last
        state = sigmoid(i) * np.tanh(g) + (sigmoid(f) * last).sum(axis=1)
        if peepholes:
            o = o + peepholes["outgate"] * state
        return np.concatenate([sigmoid(o) * np.tanh(state), state], axis=1)

    return forward


def _mdlstm_onnx(graph: OnnxGraph, layer: Layer, x: str) -> str:
    dim, dimensions = layer.outdim // 2, layer.integer_option("dimensions")
    peepholes = layer.arrays
    i, forget, g, o, before = graph.split(x, dim, dimensions * dim, dim, dim, dimensions * dim)
    lasts = graph.split(before, *[dim] * dimensions)
    gates = graph.split(forget, *[dim] * dimensions)
    if peepholes:
        i = graph.add(i, graph.node("Mul", graph.add(*lasts), graph.numbers(peepholes["ingate"])))
        weights = peepholes["forgetgate"].reshape(dimensions, dim)
        gates = [
            graph.add(gate, graph.node("Mul", last, graph.numbers(weight)))
            for gate, last, weight in zip(gates, lasts, weights, strict=True)
        ]
    kept = [
        graph.node("Mul", graph.node("Sigmoid", gate), last) for gate, last in zip(gates, lasts, strict=True)
    ]
    state = graph.add(graph.node("Mul", graph.node("Sigmoid", i), graph.node("Tanh", g)), *kept)
    if peepholes:
        o = graph.add(o, graph.node("Mul", state, graph.numbers(peepholes["outgate"])))
    return graph.concat(graph.node("Mul", graph.node("Sigmoid", o), graph.node("Tanh", state)), state)


def _mdlstm_sizes(attributes: Attributes) -> tuple[int, int]:
    dim = attributes.integer("dim", attributes.integer("outdim") // 2)
    return (3 + 2 * attributes.integer("dimensions", 1)) * dim, 2 * dim


def _per_unit(attributes: Attributes, dim: int) -> tuple[int, ...]:
    return (dim,)


def _per_dimension(attributes: Attributes, dim: int) -> tuple[int, ...]:
    return (dim * attributes.integer("dimensions", 1),)


_PEEPHOLES = (
    Parameter("ingate", "ingatePeepWeights", _per_unit, only_with="peepholes"),
    Parameter("forgetgate", "forgetgatePeepWeights", _per_dimension, only_with="peepholes"),
    Parameter("outgate", "outgatePeepWeights", _per_unit, only_with="peepholes"),
)

KINDS = (
    LayerKind(
        "LSTMLayer",
        "lstm",
        inputs=4,
        options=(Option("peepholes", default=False),),
        parameters=_PEEPHOLES,
        kernel=_lstm_kernel,
        onnx_step=_lstm_onnx,
    ),
    LayerKind(
        "MDLSTMLayer",
        "mdlstm",
        outputs=2,
        sizes=_mdlstm_sizes,
        options=(Option("peepholes", default=False), Option("dimensions", default=1)),
        parameters=_PEEPHOLES,
        forward=_mdlstm,
        onnx=_mdlstm_onnx,
    ),
)
