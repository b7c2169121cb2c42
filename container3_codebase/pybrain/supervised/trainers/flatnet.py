"""A plain feed-forward network, laid open: flat steps over arrays instead of objects.

Training row by row spends its time on bookkeeping, not on arithmetic. `describe` reads a network
once and lists what its forward pass does, in the network's own order, so that `rowstep` can do the
same arithmetic on plain arrays. It returns None for everything that it
does not know exactly (layers with memory or chance, nested networks, classes of users); such
networks train through `activate` and `backActivate`.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from pybrain.structure.connections.full import FullConnection
from pybrain.structure.connections.identity import IdentityConnection
from pybrain.structure.connections.shared import SharedFullConnection
from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.modules.relulayer import ReluLayer
from pybrain.structure.modules.sigmoidlayer import SigmoidLayer
from pybrain.structure.modules.softmax import SoftmaxLayer
from pybrain.structure.modules.softsign import SoftSignLayer
from pybrain.structure.modules.tanhlayer import TanhLayer
from pybrain.structure.networks.feedforward import FeedForwardNetwork
from pybrain.tools.functions import EXPONENT_LIMIT


def _linear(x, y):
    return [partial(np.copyto, y, x)]


def _passError(x, y, outerr, inerr):
    return [partial(np.copyto, inerr, outerr)]


def _sigmoid(x, y):
    limit, one = np.full(x.shape, EXPONENT_LIMIT), np.ones(x.shape)
    # Below -500 nothing has to be cut: 1 + exp(-500) is 1 already.
    return [
        partial(np.negative, x, y),
        partial(np.minimum, y, limit, out=y),
        partial(np.exp, y, y),
        partial(np.add, y, one, y),
        partial(np.reciprocal, y, y),
    ]


def _sigmoidBack(x, y, outerr, inerr):
    return [
        partial(np.subtract, np.ones(y.shape), y, inerr),
        partial(np.multiply, y, inerr, inerr),
        partial(np.multiply, inerr, outerr, inerr),
    ]


def _tanh(x, y):
    return [partial(np.tanh, x, y)]


def _tanhBack(x, y, outerr, inerr):
    return [
        partial(np.multiply, y, y, inerr),
        partial(np.subtract, np.ones(y.shape), inerr, inerr),
        partial(np.multiply, inerr, outerr, inerr),
    ]


def _relu(x, y):
    zero, positive = np.zeros(x.shape), np.empty(x.shape, dtype=bool)
    return [partial(np.greater, x, zero, positive), partial(np.multiply, x, positive, y)]


def _reluBack(x, y, outerr, inerr):
    zero, positive = np.zeros(x.shape), np.empty(x.shape, dtype=bool)
    return [partial(np.greater, x, zero, positive), partial(np.multiply, outerr, positive, inerr)]


def _softsign(x, y):
    return [
        partial(np.absolute, x, y),
        partial(np.add, y, np.ones(x.shape), y),
        partial(np.divide, x, y, y),
    ]


def _softsignBack(x, y, outerr, inerr):
    return [
        partial(np.absolute, y, inerr),
        partial(np.subtract, np.ones(y.shape), inerr, inerr),
        partial(np.multiply, inerr, inerr, inerr),
        partial(np.multiply, inerr, outerr, inerr),
    ]


def _softmax(x, y):
    limit, total = np.full(x.shape, EXPONENT_LIMIT), np.empty(1)
    return [
        partial(np.minimum, x, limit, out=y),
        partial(np.maximum, y, -limit, out=y),
        partial(np.exp, y, y),
        partial(np.add.reduce, y, 0, None, total, True),
        partial(np.divide, y, total, y),
    ]


# Layer class -> (forward(x, y), backward(x, y, outerr, inerr)). Both take the layer's arrays, of shape
# (dim,), and return a list of functions without arguments that compute on just these.
FUNCTIONS = {
    LinearLayer: (_linear, _passError),
    SigmoidLayer: (_sigmoid, _sigmoidBack),
    TanhLayer: (_tanh, _tanhBack),
    ReluLayer: (_relu, _reluBack),
    SoftSignLayer: (_softsign, _softsignBack),
    SoftmaxLayer: (_softmax, _passError),
}


@dataclass(frozen=True)
class Wire:
    """One connection.

    Attributes:
        source, target: positions of the layers in `FlatNet.layers`.
        fromSlice: part of the source's output that it reads.
        toSlice: part of the target's input that it adds to.
        shape: (outputs, inputs) of its weights, or None where it passes values on as they are.
        offset: where its weights begin in the network's parameters.
        first: nothing was added to that part of the target before, and it is all of its input.
        shared: another wire has the same weights.
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
        inputs, outputs: parts of the network's input and output that it is, or None.
        learns: whether an error has to be carried back into it.
        wires: connections that leave it, in the order in which they act.
    """

    kind: type
    dim: int
    inputs: slice | None
    outputs: slice | None
    learns: bool
    wires: tuple[Wire, ...]

    @property
    def linear(self):
        """Input and output are one array; not where the network's input is its output."""
        return self.kind is LinearLayer and (self.inputs is None or self.outputs is None)


@dataclass(frozen=True)
class FlatNet:
    """A network as a list of layers in the order in which they act."""

    layers: tuple[Layer, ...]
    indim: int
    outdim: int
    paramdim: int


def _slices(modules):
    """Return module -> its part of the concatenated buffers of `modules`."""
    parts, start = {}, 0
    for module, dim in modules:
        parts[module] = slice(start, start + dim)
        start += dim
    return parts


def _offset(part, whole):
    """Return at which entry of `whole` the array `part` begins, or None where it is no part of it."""
    if part.dtype != whole.dtype or not part.flags.c_contiguous:
        return None
    distance = part.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    inside = distance >= 0 and distance + part.nbytes <= whole.nbytes and distance % whole.itemsize == 0
    return distance // whole.itemsize if inside else None


def _weights(connection, params):
    """Return (shape, offset) of a connection's weights, or None where it is of an unknown kind."""
    if type(connection) is IdentityConnection:
        return None, 0
    if type(connection) not in (FullConnection, SharedFullConnection):
        return None
    offset = _offset(connection.params, params)
    if offset is None:
        return None
    return (connection.outdim, connection.indim), offset


def describe(net):
    """Return the FlatNet of a network, or None where it has parts that only objects can compute."""
    if type(net) is not FeedForwardNetwork or not net.sorted or not net.paramdim:
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


def _assemble(net, modules, params):
    position = {module: index for index, module in enumerate(modules)}
    inputs = _slices((module, module.indim) for module in net.inmodules)
    outputs = _slices((module, module.outdim) for module in net.outmodules)
    connections = [connection for module in modules for connection in net.connections[module]]
    weights = [_weights(connection, params) for connection in connections]
    if None in weights:
        return None
    offsets = [offset for shape, offset in weights if shape]
    fed = set(inputs)
    wires = {module: [] for module in modules}
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
