"""Recognize networks that are a chain of fully connected layers, and locate their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pybrain.structure import BiasUnit, FeedForwardNetwork, LinearLayer, SoftmaxLayer
from pybrain.supervised.trainers.flatnet import FlatNet, Layer, Wire, describe

Indices: TypeAlias = NDArray[np.int_]


@dataclass(frozen=True)
class ChainLayer:
    """A layer, with its incoming weights and biases.

    Attributes:
        kind: the class of the layer.
        parameters: indices into the network's parameters, shape (dim, inputs), or (dim, inputs + 1) with the biases in
            the last column.
        biased: whether the layer has biases.
    """

    kind: type
    parameters: Indices
    biased: bool


def chain_of(network: FeedForwardNetwork) -> tuple[ChainLayer, ...] | None:
    """Return the layers after the input, or None if the network is not a chain of fully connected layers.

    Args:
        network: a sorted network.
    """
    flat = describe(network)
    if flat is None:
        return None
    numbers = [at for at, layer in enumerate(flat.layers) if layer.kind is not BiasUnit]
    if not _has_ends(flat, [flat.layers[at] for at in numbers]):
        return None
    chain = [_fed_layer(flat, before, at) for before, at in pairwise(numbers)]
    layers = tuple(layer for layer in chain if layer is not None)
    if len(layers) < len(chain) or any(layer.kind is SoftmaxLayer for layer in layers[:-1]):
        return None
    return layers


def _has_ends(flat: FlatNet, layers: Sequence[Layer]) -> bool:
    """Return whether the first layer is the only input layer, and the last the only output layer."""
    first, last = layers[0], layers[-1]
    return (
        len(layers) > 1
        and first.kind is LinearLayer
        and first.inputs == slice(0, flat.indim)
        and last.outputs == slice(0, flat.outdim)
        and all(layer.inputs is None for layer in layers[1:])
        and all(layer.outputs is None for layer in layers[:-1])
    )


def _fed_layer(flat: FlatNet, before: int, at: int) -> ChainLayer | None:
    """Return the layer ``at`` if only one full connection from ``before`` and at most one bias lead to it."""
    layer, wires = flat.layers[at], [w for one in flat.layers for w in one.wires if w.target == at]
    if any(wire.shape is None or wire.shared or wire.toSlice != slice(0, layer.dim) for wire in wires):
        return None
    bias = [wire for wire in wires if flat.layers[wire.source].kind is BiasUnit]
    rest = [wire for wire in wires if flat.layers[wire.source].kind is not BiasUnit]
    dim = flat.layers[before].dim
    if len(rest) != 1 or len(bias) > 1 or rest[0].source != before or rest[0].fromSlice != slice(0, dim):
        return None
    parts = [_positions(wire) for wire in (*rest, *bias)]
    return ChainLayer(kind=layer.kind, parameters=np.hstack(parts), biased=bool(bias))


def _positions(wire: Wire) -> Indices:
    shape: Any = wire.shape
    return (wire.offset + np.arange(shape[0] * shape[1])).reshape(shape)
