"""Gate layers, which multiply one half of their inputs by the other half, most of them after a sigmoid."""

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
from pybrain_runtime.network.layers.kind import Layer, LayerKind, OnnxGraph, formula


def _gate(x: Array) -> Array:
    a, b = np.split(x, 2, axis=1)
    return sigmoid(a) * b


def _gate_kernel(layer: Layer, dtype: np.dtype) -> Kernel:
    dim = layer.outdim

    def bind(on: Operands) -> list[Operation]:
        gate, value = on.z[:dim], on.z[dim:]
        return [*sigmoid_operations(on.context, gate, gate), partial(np.multiply, gate, value, on.y)]

    return Kernel(bind, input_scale=np.repeat([sigmoid_scale(dtype), 1.0], dim))


def _gate_onnx(graph: OnnxGraph, layer: Layer, x: str) -> str:
    a, b = graph.split(x, layer.outdim, layer.outdim)
    return graph.node("Mul", graph.node("Sigmoid", a), b)


def _multiplication(x: Array) -> Array:
    a, b = np.split(x, 2, axis=1)
    return a * b


def _multiplication_kernel(layer: Layer, dtype: np.dtype) -> Kernel:
    dim = layer.outdim
    return Kernel(lambda on: [partial(np.multiply, on.z[:dim], on.z[dim:], on.y)])


def _multiplication_onnx(graph: OnnxGraph, layer: Layer, x: str) -> str:
    a, b = graph.split(x, layer.outdim, layer.outdim)
    return graph.node("Mul", a, b)


def _double_gate(x: Array) -> Array:
    a, b = np.split(x, 2, axis=1)
    gate = sigmoid(a)
    return np.concatenate([gate * b, (1.0 - gate) * b], axis=1)


def _double_gate_onnx(graph: OnnxGraph, layer: Layer, x: str) -> str:
    a, b = graph.split(x, layer.outdim // 2, layer.outdim // 2)
    gate = graph.node("Sigmoid", a)
    rest = graph.node("Sub", graph.numbers(1.0), gate)
    return graph.concat(graph.node("Mul", gate, b), graph.node("Mul", rest, b))


def _switch(x: Array) -> Array:
    gate = sigmoid(x)
    return np.concatenate([gate, 1.0 - gate], axis=1)


def _switch_onnx(graph: OnnxGraph, layer: Layer, x: str) -> str:
    gate = graph.node("Sigmoid", x)
    return graph.concat(gate, graph.node("Sub", graph.numbers(1.0), gate))


KINDS = (
    LayerKind("GateLayer", "gate", inputs=2, forward=formula(_gate), kernel=_gate_kernel, onnx=_gate_onnx),
    LayerKind(
        "MultiplicationLayer",
        "gate",
        inputs=2,
        forward=formula(_multiplication),
        kernel=_multiplication_kernel,
        onnx=_multiplication_onnx,
    ),
    LayerKind(
        "DoubleGateLayer", "gate", inputs=2, outputs=2, forward=formula(_double_gate), onnx=_double_gate_onnx
    ),
    LayerKind("SwitchLayer", "gate", outputs=2, forward=formula(_switch), onnx=_switch_onnx),
)
