"""A plain feed-forward network as flat steps over arrays instead of objects.

Training row by row spends its time on bookkeeping, not on arithmetic. `describe` reads a network
once and lists the operations of its forward pass in order, so that `rowstep` can do the same arithmetic
on plain arrays. It returns None for networks with unsupported parts (recurrent or random layers, nested
networks, user-defined classes), which are trained through `activate` and `backActivate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.connections.full import FullConnection
from pybrain.structure.connections.identity import IdentityConnection
from pybrain.structure.connections.shared import SharedFullConnection
from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.networks.feedforward import FeedForwardNetwork
from pybrain.supervised.trainers.rowfunctions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from pybrain._typing import Array


@dataclass(frozen=True)
class Wire:
    """One connection.

    Attributes:
        source, target: positions of the layers in `FlatNet.layers`.
        fromSlice: slice of the source's output that it reads.
        toSlice: slice of the target's input that it adds to.
        shape: (outputs, inputs) of its weights, or None if it passes values on unchanged.
        offset: index of its first weight in the network's parameters.
        first: whether it covers the whole input of the target, and nothing was added to that before.
        shared: whether another wire has the same weights.
    """

    source: int
    target: int
    fromSlice: slice
    toSlice: slice
    shape: tuple[int, int] | None
    offset: int
    first: bool
    shared: bool


@dataclass(frozen=True)
class Layer:
    """One module.

    Attributes:
        kind: its class.
        dim: size of its output.
        inputs, outputs: its slices of the network's input and output, or None.
        learns: whether an error must be propagated back to it.
        wires: its outgoing connections, in the order of computation.
    """

    kind: Any
    dim: int
    inputs: slice | None
    outputs: slice | None
    learns: bool
    wires: tuple[Wire, ...]

    @property
    def linear(self) -> bool:
        """Whether input and output are one array; not if the network's input is its output."""
        return self.kind is LinearLayer and (self.inputs is None or self.outputs is None)


@dataclass(frozen=True)
class FlatNet:
    """A network as a list of layers in the order of computation."""

    layers: tuple[Layer, ...]
    indim: int
    outdim: int
    paramdim: int


def _slices(modules: Iterable[Any]) -> dict[Any, slice]:
    """Return module -> its slice of the concatenated buffers of `modules`."""
    parts, start = {}, 0
    for module, dim in modules:
        parts[module] = slice(start, start + dim)
        start += dim
    return parts


def _offset(part: Array, whole: Array) -> int | None:
    """Return the index in `whole` at which the array `part` begins, or None if it is not a part of it."""
    if part.dtype != whole.dtype or not part.flags.c_contiguous:
        return None
    distance = part.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    inside = distance >= 0 and distance + part.nbytes <= whole.nbytes and distance % whole.itemsize == 0
    return distance // whole.itemsize if inside else None


def _weights(connection: Any, params: Array) -> Any:
    """Return (shape, offset) of a connection's weights, or None if its kind is unknown."""
    if type(connection) is IdentityConnection:
        return None, 0
    if type(connection) not in (FullConnection, SharedFullConnection):
        return None
    offset = _offset(connection.params, params)
    if offset is None:
        return None
    return (connection.outdim, connection.indim), offset


def describe(net: Any) -> FlatNet | None:
    """Return the FlatNet of a network, or None if it has parts that only objects can compute."""
    if type(net) is not FeedForwardNetwork or not net.sorted or not net.paramdim or not net._rowsTogether():
        return None
    modules = net.modulesSorted
    if any(type(module) not in FUNCTIONS and type(module) is not BiasUnit for module in modules):
        return None
    if len(set(net.inmodules)) < len(net.inmodules) or len(set(net.outmodules)) < len(net.outmodules):
        return None
    params = net.params
    if params.dtype != np.float64 or not params.flags.c_contiguous:
        return None
    return _assemble(net, modules, params)


def _assemble(net: Any, modules: Sequence[Any], params: Array) -> FlatNet | None:
    position = {module: index for index, module in enumerate(modules)}
    inputs = _slices((module, module.indim) for module in net.inmodules)
    outputs = _slices((module, module.outdim) for module in net.outmodules)
    connections = [connection for module in modules for connection in net.connections[module]]
    weights = [_weights(connection, params) for connection in connections]
    if None in weights:
        return None
    offsets = [offset for shape, offset in weights if shape]
    fed = set(inputs)
    wires: dict[Any, list[Wire]] = {module: [] for module in modules}
    for connection, (shape, offset) in zip(connections, weights, strict=True):
        source, target = connection.inmod, connection.outmod
        part = slice(connection.outSliceFrom, connection.outSliceTo)
        whole = part.start == 0 and part.stop == target.indim
        wires[source].append(
            Wire(
                source=position[source],
                target=position[target],
                fromSlice=slice(connection.inSliceFrom, connection.inSliceTo),
                toSlice=part,
                shape=shape,
                offset=offset,
                first=whole and target not in fed,
                shared=shape is not None and offsets.count(offset) > 1,
            )
        )
        fed.add(target)
    reached = {connection.outmod for connection in connections}
    layers = tuple(
        Layer(
            kind=type(module),
            dim=module.outdim,
            inputs=inputs.get(module),
            outputs=outputs.get(module),
            learns=module in reached,
            wires=tuple(wires[module]),
        )
        for module in modules
    )
    return FlatNet(layers, net.indim, net.outdim, net.paramdim)
