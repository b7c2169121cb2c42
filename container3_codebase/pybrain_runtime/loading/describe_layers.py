"""Kind, sizes and parameters of a layer, from the attributes of its object in a file."""

from __future__ import annotations

import numpy as np

from pybrain_runtime.loading.instance_state import State
from pybrain_runtime.network.layers.kind import LayerKind
from pybrain_runtime.network.layers.registry import LAYERS


def layer_kind(state: State) -> LayerKind:
    """Return the kind of a layer.

    Raises:
        KnowledgeError: the kind is unknown.
    """
    kind = LAYERS.get(state.instance.kind)
    if kind is None:
        raise state.error("is of a kind that is not supported")
    return kind


def layer_sizes(kind: LayerKind, state: State) -> tuple[int, int]:
    """Return the number of inputs and the number of outputs of a layer.

    Args:
        kind: the kind of the layer.
        state: the attributes of the layer object.

    Raises:
        KnowledgeError: the sizes do not fit the kind, or there are no outputs.
    """
    sizes = state.integer("indim"), state.integer("outdim")
    expected = kind.sizes_in(state)
    if sizes != expected or not sizes[1]:
        raise state.error(f"has {sizes[0]} inputs and {sizes[1]} outputs, but its kind has {expected}")
    return sizes


def layer_parameters(kind: LayerKind, state: State) -> dict[str, np.ndarray]:
    """Return the parameters of a layer by their name in the formula: float64, read-only.

    Args:
        kind: the kind of the layer.
        state: the attributes of the layer object.

    Raises:
        KnowledgeError: parameters are missing, are not finite numbers, or do not have the number that the kind needs.
    """
    parameters = kind.parameters_in(state)
    dim = kind.dim_in(state) if parameters else 0
    return {
        p.name: state.numbers(p.attribute, p.size(state, dim)).reshape(p.shape(state, dim))
        for p in parameters
    }
