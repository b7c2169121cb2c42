"""Layers that apply one function to each input. A new one needs only an entry in ``KINDS``."""

from __future__ import annotations

from functools import partial

import numpy as np

from pybrain_runtime.network.layers.formulas import identity, relu, sigmoid, softsign
from pybrain_runtime.network.layers.kernel import (
    Kernel,
    Operands,
    Operation,
    copy_kernel,
    sigmoid_operations,
    sigmoid_scale,
)
from pybrain_runtime.network.layers.kind import Layer, LayerKind, OnnxGraph, formula, onnx_operator


def _sigmoid_kernel(layer: Layer, dtype: np.dtype) -> Kernel:
    return Kernel(
        lambda on: sigmoid_operations(on.context, on.z, on.y),
        input_scale=np.full(layer.indim, sigmoid_scale(dtype)),
        bind_tanh=None if dtype == np.float64 else lambda on: [partial(np.tanh, on.z, on.y)],
    )


def _relu_kernel(layer: Layer, dtype: np.dtype) -> Kernel:
    def bind(on: Operands) -> list[Operation]:
        positive = np.empty(on.z.shape, bool)
        return [
            partial(np.greater, on.z, on.context.scalar(0.0), out=positive),
            partial(np.multiply, on.z, positive, out=on.y),
        ]

    return Kernel(bind)


def _softsign_kernel(layer: Layer, dtype: np.dtype) -> Kernel:
    def bind(on: Operands) -> list[Operation]:
        return [
            partial(np.abs, on.z, on.scratch),
            partial(np.add, on.scratch, on.context.scalar(1.0), on.scratch),
            partial(np.divide, on.z, on.scratch, on.y),
        ]

    return Kernel(bind, scratch_units=layer.indim)


def _softsign_onnx(graph: OnnxGraph, layer: Layer, x: str) -> str:
    return graph.node("Div", x, graph.node("Add", graph.node("Abs", x), graph.numbers(1.0)))


KINDS = (
    LayerKind(
        "LinearLayer",
        "linearlayer",
        forward=formula(identity),
        kernel=lambda layer, dtype: copy_kernel(),
        onnx=lambda graph, layer, x: x,
    ),
    LayerKind(
        "SigmoidLayer",
        "sigmoidlayer",
        forward=formula(sigmoid),
        kernel=_sigmoid_kernel,
        onnx=onnx_operator("Sigmoid"),
    ),
    LayerKind(
        "TanhLayer",
        "tanhlayer",
        forward=formula(np.tanh),
        kernel=lambda layer, dtype: Kernel(lambda on: [partial(np.tanh, on.z, on.y)]),
        onnx=onnx_operator("Tanh"),
    ),
    LayerKind(
        "ReluLayer", "relulayer", forward=formula(relu), kernel=_relu_kernel, onnx=onnx_operator("Relu")
    ),
    LayerKind(
        "SoftSignLayer", "softsign", forward=formula(softsign), kernel=_softsign_kernel, onnx=_softsign_onnx
    ),
)
