"""The bias unit, the Kohonen map, and the kinds that are known but cannot be run."""

from __future__ import annotations

from math import isqrt

import numpy as np

from pybrain_runtime.network.layers.formulas import Array
from pybrain_runtime.network.layers.kind import Attributes, Forward, Layer, LayerKind, OnnxGraph, Parameter


def _bias(layer: Layer) -> Forward:
    return lambda x: np.ones((len(x), 1))


def _kohonen(layer: Layer) -> Forward:
    neurons = layer.arrays["neurons"]
    side = neurons.shape[0]

    def forward(x: Array) -> Array:
        distance = np.square(neurons.reshape(1, side * side, -1) - x[:, None, :]).sum(axis=2)
        row, column = np.divmod(distance.argmin(axis=1), side)
        return np.stack([row, column], axis=1).astype(float)

    return forward


def _kohonen_onnx(graph: OnnxGraph, layer: Layer, x: str) -> str:
    neurons = layer.arrays["neurons"]
    side = neurons.shape[0]
    apart = graph.node(
        "Sub",
        graph.numbers(neurons.reshape(1, side * side, -1)),
        graph.node("Unsqueeze", x, graph.integers(1)),
    )
    distance = graph.node("ReduceSum", graph.node("Mul", apart, apart), graph.integers(2), keepdims=0)
    winner = graph.node("ArgMin", distance, axis=1, keepdims=1)
    place = graph.concat(
        graph.node("Div", winner, graph.integers(side)), graph.node("Mod", winner, graph.integers(side))
    )
    return graph.node("Cast", place, to=graph.element)


def _neurons(attributes: Attributes, dim: int) -> tuple[int, ...]:
    indim = attributes.integer("indim")
    side = attributes.integer("nNeurons", isqrt(attributes.count("neurons") // max(1, indim)))
    return side, side, indim


def _unsupported(name: str, module: str, reason: str) -> LayerKind:
    return LayerKind(
        name,
        module,
        sizes=lambda attributes: (attributes.integer("indim"), attributes.integer("outdim")),
        unsupported=reason,
        rebuildable=False,
    )


KINDS = (
    LayerKind(
        "BiasUnit",
        "biasunit",
        inputs=0,
        sizes=lambda attributes: (0, 1),
        forward=_bias,
        constructor_dim=lambda layer: (),
    ),
    LayerKind(
        "KohonenMap",
        "kohonen",
        outputs=2,
        sizes=lambda attributes: (attributes.integer("nInput", attributes.integer("indim")), 2),
        parameters=(Parameter("neurons", "neurons", _neurons),),
        forward=_kohonen,
        continuous=False,
        onnx=_kohonen_onnx,
        rebuildable=False,
    ),
    _unsupported(
        "StateDependentLayer", "statedependentlayer", "its output is explored at random by a second network"
    ),
    _unsupported("MdrnnLayer", "mdrnnlayer", "PyBrain itself computes it only through its arac extension"),
    _unsupported("Table", "table", "it looks values up in a table by its inputs, which is not supported"),
    _unsupported("EvolinoNetwork", "evolinonetwork", "it generates a sequence instead of computing each row"),
)
