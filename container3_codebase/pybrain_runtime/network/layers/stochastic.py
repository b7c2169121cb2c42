"""Layers that draw their outputs at random."""

from __future__ import annotations

import numpy as np

from pybrain_runtime.network.layers.formulas import expln
from pybrain_runtime.network.layers.kernel import Kernel, Operands, Operation, copy_kernel
from pybrain_runtime.network.layers.kind import Layer, LayerKind, Option, Parameter


def _gaussian_kernel(layer: Layer, dtype: np.dtype) -> Kernel:
    if not layer.options["enabled"]:
        return copy_kernel()
    sigma = expln(layer.arrays["sigmas"])

    def bind(on: Operands) -> list[Operation]:
        context, z, y = on.context, on.z, on.y

        def draw() -> None:
            assert context.random is not None
            y[...] = context.random.normal(z.T, sigma).T

        return [draw]

    return Kernel(bind, random=True)


def _bernoulli_kernel(layer: Layer, dtype: np.dtype) -> Kernel:
    def bind(on: Operands) -> list[Operation]:
        context, z, y = on.context, on.z, on.y

        def draw() -> None:
            assert context.random is not None
            # As in PyBrain: the larger the input, the less often a 1.
            y[...] = z <= context.random.random_sample(z.T.shape).T

        return [draw]

    return Kernel(bind, random=True)


KINDS = (
    LayerKind(
        "GaussianLayer",
        "gaussianlayer",
        options=(Option("enabled", default=True, in_constructor=False),),
        parameters=(Parameter("sigmas", "_params", lambda attributes, dim: (dim,)),),
        kernel=_gaussian_kernel,
        onnx=lambda graph, layer, x: x,  # only if it is not enabled
        random=True,
    ),
    LayerKind("BernoulliLayer", "samplelayer", kernel=_bernoulli_kernel, random=True),
)
