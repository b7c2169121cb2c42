"""What each kind of layer computes in place, for many rows at once.

Here a column is a row of the activation (or a sequence) and a row is a unit, so that everything a unit does is
one run over memory that lies together. The formulas are those of ``layers``, which has every kind; the
kinds that most networks are made of have a kernel of their own here.

In float32 a sigmoid is computed as (tanh(x / 2) + 1) / 2, one pass instead of four, and softmax subtracts the
largest input first, because float32 ends at exp(88).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pybrain_runtime.engine.flatten import PASS, Cell
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.network.allow_list import shown
from pybrain_runtime.network.layers import EXPONENT_LIMIT, LAYERS, Array, expln

if TYPE_CHECKING:
    from pybrain_runtime.engine.buffers import Workspace

Operation = Callable[[], object]


class Site:
    """Where a kernel works: views into the arrays of one workspace.

    Attributes:
        work: the workspace, for constants.
        z: the sum of what comes in, shape (indim, columns), in the kernel's order and times its gain; it may
            be overwritten.
        y: where the outputs go, shape (outdim, columns); the same memory as ``z`` where both fit.
        state: what is kept from step to step, shape (units, columns); empty where nothing is.
        spare: room for what is in between, shape (units, columns).
    """

    __slots__ = ("spare", "state", "work", "y", "z")

    def __init__(self, work: Workspace, z: Array, y: Array, state: Array, spare: Array) -> None:
        self.work = work
        self.z = z
        self.y = y
        self.state = state
        self.spare = spare


class Kernel:
    """How a cell computes.

    Attributes:
        operations: makes the operations for a site.
        halved: makes operations that put out t where the output is (t + 1) / 2, for cells all of whose
            listeners can take the rest into their weights; None where there are none.
        gain: what its inputs are multiplied by beforehand, in its own order, shape (indim,); None for 1.
        order: which input comes at which place in its own order; None for the network's.
        state: units that are kept from step to step.
        spare: units of room that it needs.
        burden: numbers for each column that it makes on its way and does not keep.
        chance: whether it draws its outputs at random.
    """

    __slots__ = ("burden", "chance", "gain", "halved", "operations", "order", "spare", "state")

    def __init__(
        self,
        operations: Callable[[Site], list[Operation]],
        *,
        gain: Array | None = None,
        order: np.ndarray | None = None,
        state: int = 0,
        spare: int = 0,
        burden: int = 0,
        chance: bool = False,
        halved: Callable[[Site], list[Operation]] | None = None,
    ) -> None:
        self.operations = operations
        self.halved = halved
        self.gain = gain
        self.order = order
        self.state = state
        self.spare = spare
        self.burden = burden
        self.chance = chance


def kernel_for(cell: Cell, dtype: np.dtype) -> Kernel:
    """Returns how a cell computes in float64 or float32.

    Raises:
        KnowledgeError: its outputs are not a function of its inputs; the message says which cell and why.
    """
    if cell.kind == PASS:
        return Kernel(_pass)
    make = _KERNELS.get(cell.kind, _by_rows)
    return make(cell, dtype)


# The gate function, which several kinds are made of. Its input comes times ``_gate_gain``.


def _gate_gain(dtype: np.dtype) -> float:
    return -1.0 if dtype == np.float64 else 0.5


def _gate(work: Workspace, z: Array, y: Array) -> list[Operation]:
    """Operations for y = sigmoid(x), where z is x times the gain."""
    if work.dtype == np.float64:
        one = work.scalar(1.0)
        return [
            partial(np.minimum, z, work.row(EXPONENT_LIMIT), out=z),
            partial(np.exp, z, z),
            partial(np.add, z, one, z),
            partial(np.divide, one, z, y),
        ]
    half = work.scalar(0.5)
    return [partial(np.tanh, z, z), partial(np.multiply, z, half, z), partial(np.add, z, half, y)]


# One function per kind; the table at the end names them.


def _pass(site: Site) -> list[Operation]:
    return [] if site.y is site.z else [partial(np.copyto, site.y, site.z)]


def _linear(cell: Cell, dtype: np.dtype) -> Kernel:
    return Kernel(_pass)


def _sigmoid(cell: Cell, dtype: np.dtype) -> Kernel:
    return Kernel(
        lambda site: _gate(site.work, site.z, site.y),
        gain=np.full(cell.indim, _gate_gain(dtype)),
        halved=None if dtype == np.float64 else lambda site: [partial(np.tanh, site.z, site.y)],
    )


def _tanh(cell: Cell, dtype: np.dtype) -> Kernel:
    return Kernel(lambda site: [partial(np.tanh, site.z, site.y)])


def _relu(cell: Cell, dtype: np.dtype) -> Kernel:
    def operations(site: Site) -> list[Operation]:
        above = np.empty(site.z.shape, bool)
        return [
            partial(np.greater, site.z, site.work.scalar(0.0), out=above),
            partial(np.multiply, site.z, above, out=site.y),
        ]

    return Kernel(operations)


def _softsign(cell: Cell, dtype: np.dtype) -> Kernel:
    def operations(site: Site) -> list[Operation]:
        return [
            partial(np.abs, site.z, site.spare),
            partial(np.add, site.spare, site.work.scalar(1.0), site.spare),
            partial(np.divide, site.z, site.spare, site.y),
        ]

    return Kernel(operations, spare=cell.indim)


def _softmax(cell: Cell, dtype: np.dtype) -> Kernel:
    def operations(site: Site) -> list[Operation]:
        work, z, total = site.work, site.z, site.spare
        done: list[Operation] = [
            partial(np.minimum, z, work.row(EXPONENT_LIMIT), out=z),
            partial(np.maximum, z, work.row(-EXPONENT_LIMIT), out=z),
        ]
        if dtype != np.float64:
            done += [
                partial(np.maximum.reduce, z, axis=0, out=total, keepdims=True),
                partial(np.subtract, z, total, z),
            ]
        return [
            *done,
            partial(np.exp, z, z),
            partial(np.add.reduce, z, axis=0, out=total, keepdims=True),
            partial(np.divide, z, total, site.y),
        ]

    return Kernel(operations, spare=1)


def _gate_layer(cell: Cell, dtype: np.dtype) -> Kernel:
    dim = cell.outdim

    def operations(site: Site) -> list[Operation]:
        gate, value = site.z[:dim], site.z[dim:]
        return [*_gate(site.work, gate, gate), partial(np.multiply, gate, value, site.y)]

    return Kernel(operations, gain=np.repeat([_gate_gain(dtype), 1.0], dim))


def _multiplication(cell: Cell, dtype: np.dtype) -> Kernel:
    dim = cell.outdim
    return Kernel(lambda site: [partial(np.multiply, site.z[:dim], site.z[dim:], site.y)])


def _lstm(cell: Cell, dtype: np.dtype) -> Kernel:
    """The inputs, in four blocks, are put in the order input gate, forget gate, output gate, cell."""
    assert cell.module is not None
    dim, peeps = cell.outdim, cell.module.arrays
    places = np.arange(4 * dim)
    gate = _gate_gain(dtype)

    def operations(site: Site) -> list[Operation]:
        work, state, y = site.work, site.state, site.y
        i, f, o, g = (site.z[start : start + dim] for start in range(0, 4 * dim, dim))
        rest: list[Operation] = [
            partial(np.tanh, g, g),
            partial(np.multiply, f, state, state),
            partial(np.multiply, i, g, g),
            partial(np.add, state, g, state),
            partial(np.tanh, state, g),
            partial(np.multiply, o, g, y),
        ]
        if not peeps:
            return [*_gate(work, site.z[: 3 * dim], site.z[: 3 * dim]), *rest]

        def peep(name: str, into: Array) -> list[Operation]:
            weights = work.column(peeps[name] * gate)
            return [
                partial(np.multiply, weights, state, site.spare),
                partial(np.add, into, site.spare, into),
            ]

        first = [*peep("ingate", i), *peep("forgetgate", f)]
        first += _gate(work, site.z[: 2 * dim], site.z[: 2 * dim])
        return [*first, *rest[:4], *peep("outgate", o), *_gate(work, o, o), *rest[4:]]

    return Kernel(
        operations,
        gain=np.repeat([gate, gate, gate, 1.0], dim),
        order=np.concatenate([places[: 2 * dim], places[3 * dim :], places[2 * dim : 3 * dim]]),
        state=dim,
        spare=dim if peeps else 0,
    )


def _gaussian(cell: Cell, dtype: np.dtype) -> Kernel:
    assert cell.module is not None
    if not cell.module.options["enabled"]:
        return Kernel(_pass)
    sigma = expln(cell.module.arrays["sigmas"])

    def operations(site: Site) -> list[Operation]:
        z, y, exchange = site.z, site.y, site.work.exchange

        def draw() -> None:
            assert exchange.random is not None
            y[...] = exchange.random.normal(z.T, sigma).T

        return [draw]

    return Kernel(operations, chance=True)


def _bernoulli(cell: Cell, dtype: np.dtype) -> Kernel:
    def operations(site: Site) -> list[Operation]:
        z, y, exchange = site.z, site.y, site.work.exchange

        def draw() -> None:
            assert exchange.random is not None
            # As PyBrain has it: the larger the input, the less often a 1.
            y[...] = z <= exchange.random.random_sample(z.T.shape).T

        return [draw]

    return Kernel(operations, chance=True)


def _by_rows(cell: Cell, dtype: np.dtype) -> Kernel:
    """Any other kind: by the formula of ``layers``, in float64."""
    layer = LAYERS[cell.kind]
    if layer.forward is None:
        raise KnowledgeError(
            f"The {cell.kind} '{shown(cell.name, 60)}' cannot be run: {layer.reason}.", part=cell.name
        )
    assert cell.module is not None
    forward = layer.forward(cell.module)

    def operations(site: Site) -> list[Operation]:
        z, y = site.z, site.y

        def compute() -> None:
            y[...] = forward(z.T.astype(np.float64)).T

        return [compute]

    parameters = sum(array.size for array in cell.module.arrays.values())
    return Kernel(operations, burden=6 * cell.indim + parameters)


_KERNELS: dict[str, Callable[[Cell, np.dtype], Kernel]] = {
    "LinearLayer": _linear,
    "SigmoidLayer": _sigmoid,
    "TanhLayer": _tanh,
    "ReluLayer": _relu,
    "SoftSignLayer": _softsign,
    "SoftmaxLayer": _softmax,
    "GateLayer": _gate_layer,
    "MultiplicationLayer": _multiplication,
    "LSTMLayer": _lstm,
    "GaussianLayer": _gaussian,
    "BernoulliLayer": _bernoulli,
}
