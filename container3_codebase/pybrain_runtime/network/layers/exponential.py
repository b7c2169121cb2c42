"""Softmax layers and the mixture density layer: exponentials, normalised within a layer."""

from __future__ import annotations

from functools import partial

import numpy as np

from pybrain_runtime.network.layers.formulas import EXPONENT_LIMIT, Array, safe_exp, softmax
from pybrain_runtime.network.layers.kernel import Kernel, Operands, Operation
from pybrain_runtime.network.layers.kind import (
    Attributes,
    Forward,
    Layer,
    LayerKind,
    OnnxGraph,
    Option,
    formula,
)


def _softmax_kernel(layer: Layer, dtype: np.dtype) -> Kernel:
    def bind(on: Operands) -> list[Operation]:
        z, total = on.z, on.scratch
        # NumPy divides by a scalar three times as fast as by an array of shape (1, 1).
        divisor = total[0, 0, ...] if total.shape[1] == 1 else total
        high, low = on.context.row(EXPONENT_LIMIT), on.context.row(-EXPONENT_LIMIT)
        clip: list[Operation] = [
            lambda: np.minimum(z, high, out=z),
            lambda: np.maximum(z, low, out=z),
        ]
        if dtype != np.float64:  # exp() overflows beyond 88 there
            clip += [
                partial(np.maximum.reduce, z, 0, None, total, True),
                partial(np.subtract, z, total, z),
            ]
        return [
            *clip,
            partial(np.exp, z, z),
            partial(np.add.reduce, z, 0, None, total, True),
            partial(np.divide, z, divisor, on.y),
        ]

    return Kernel(bind, scratch_units=1)


def _clipped(graph: OnnxGraph, x: str) -> str:
    return graph.node("Clip", x, graph.numbers(-EXPONENT_LIMIT), graph.numbers(EXPONENT_LIMIT))


def _softmax_onnx(graph: OnnxGraph, layer: Layer, x: str) -> str:
    # PyBrain subtracts no maximum but clips; the softmax of the clipped values is the same number.
    return graph.node("Softmax", _clipped(graph, x), axis=1)


def _partial_softmax(layer: Layer) -> Forward:
    length = layer.integer_option("slicelength")

    def forward(x: Array) -> Array:
        return softmax(x.reshape(len(x), -1, length)).reshape(x.shape)

    return forward


def _partial_softmax_onnx(graph: OnnxGraph, layer: Layer, x: str) -> str:
    length = layer.integer_option("slicelength")
    slices = graph.node("Reshape", _clipped(graph, x), graph.integers(-1, layer.indim // length, length))
    return graph.node("Reshape", graph.node("Softmax", slices, axis=2), graph.integers(-1, layer.outdim))


def _check_slices(attributes: Attributes) -> None:
    length, outdim = attributes.integer("slicelength"), attributes.integer("outdim")
    if not length or outdim % length:
        raise attributes.error(f"has the slicelength {length}, which does not divide its {outdim} outputs")


def _mixture_density(layer: Layer) -> Forward:
    mix = layer.integer_option("mixtures")

    def forward(x: Array) -> Array:
        # Mixing coefficients, then widths, then centres.
        return np.concatenate([softmax(x[:, :mix]), safe_exp(x[:, mix : 2 * mix]), x[:, 2 * mix :]], axis=1)

    return forward


def _mixture_density_onnx(graph: OnnxGraph, layer: Layer, x: str) -> str:
    mix = layer.integer_option("mixtures")
    weights, widths, centres = graph.split(x, mix, mix, layer.indim - 2 * mix)
    return graph.concat(
        _softmax_onnx(graph, layer, weights), graph.node("Exp", _clipped(graph, widths)), centres
    )


def _check_mixtures(attributes: Attributes) -> None:
    mixtures, dim = attributes.integer("nGaussians"), attributes.integer("outdim")
    if not mixtures or dim % mixtures or dim // mixtures < 3:
        raise attributes.error(
            f"has {dim} outputs, which does not fit {mixtures} mixtures of a weight, a width and a centre"
        )


def _complete_mixtures(state: dict[str, object]) -> None:
    dim, mix = state["dim"], state.get("mix")
    assert isinstance(dim, int)
    if isinstance(mix, int):  # this project's own writer: dim is the width of the target
        state |= dict.fromkeys(("dim", "indim", "outdim"), mix * (dim + 2))
    else:  # PyBrain omits the number of mixtures, and dim counts all units; only one number may fit
        fitting = [count for count in range(2, min(dim, 1_000)) if dim % count == 0 and dim // count >= 3]
        mix = fitting[0] if len(fitting) == 1 else None
    state["nGaussians"] = mix


KINDS = (
    LayerKind(
        "SoftmaxLayer", "softmax", forward=formula(softmax), kernel=_softmax_kernel, onnx=_softmax_onnx
    ),
    LayerKind(
        "PartialSoftmaxLayer",
        "softmax",
        options=(Option("slicelength"),),
        check=_check_slices,
        forward=_partial_softmax,
        onnx=_partial_softmax_onnx,
    ),
    LayerKind(
        "MixtureDensityLayer",
        "mixturedensity",
        options=(Option("mixtures", attribute="nGaussians", keyword="mix"),),
        check=_check_mixtures,
        forward=_mixture_density,
        onnx=_mixture_density_onnx,
        constructor_dim=lambda layer: (layer.outdim // layer.integer_option("mixtures") - 2,),
        complete_xml=_complete_mixtures,
    ),
)
