"""One time step of a network as array operations, for many rows or many sequences at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .description import ConnectionDescription, ModuleDescription, NetworkDescription
from .errors import KnowledgeError
from .layers import LAYERS, Array, expln, lstm_step
from .links import LINKS, Carry

if TYPE_CHECKING:
    from numpy.random import RandomState


class Run:
    """What one run of a network needs besides its inputs. Runs share nothing, so that threads can.

    Attributes:
        state: what is carried from one time step to the next, each of shape (rows, size).
        steps: time steps done since the last reset.
        random: where layers that draw their outputs take chance from; None where there must be none.
    """

    __slots__ = ("random", "state", "steps")

    def __init__(self, state: list[Array], steps: int = 0, random: RandomState | None = None) -> None:
        self.state = state
        self.steps = steps
        self.random = random


class Slots:
    """Hands out places in ``Run.state`` while a network is compiled.

    Attributes:
        sizes: numbers in each place.
        remembered: what a file that was saved in the middle of a sequence holds for it; None where nothing.
        chance: the layers that draw at random.
    """

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.remembered: list[Array | None] = []
        self.chance: list[ModuleDescription] = []

    def take(self, size: int, remembered: Array | None) -> int:
        """Returns a new place for so many numbers."""
        self.sizes.append(size)
        self.remembered.append(remembered)
        return len(self.sizes) - 1


Compute = Callable[[Array, Run], Array]
"""Takes the inputs of a module, shape (rows, indim), and the run; returns outputs, shape (rows, outdim)."""


class _Feed:
    """What one connection brings to a module: from a module's output now, or from a place in the state."""

    __slots__ = ("carry", "fed", "origin", "taken")

    def __init__(self, connection: ConnectionDescription, origin: int) -> None:
        self.origin = origin
        self.taken = slice(*connection.in_slice)
        self.fed = slice(*connection.out_slice)
        self.carry: Carry = LINKS[connection.kind].carry(connection)

    def add(self, total: Array, origins: list[Array]) -> None:
        total[:, self.fed] += self.carry(origins[self.origin][:, self.taken])


class _Step:
    """A module: what it listens to, then what it computes.

    Attributes:
        given: where in the network's own inputs its share lies; None for modules that take none.
        constant: what always comes in (from bias units), shape (1, indim).
        later: what comes in from the last time step.
        feeds: what comes in within this time step.
        compute: what it makes of the sum.
        kept: the place in the state where its output is kept for the next time step; None where nobody asks.
    """

    __slots__ = ("compute", "constant", "feeds", "given", "kept", "later")

    def __init__(self, indim: int, given: slice | None, compute: Compute, kept: int | None) -> None:
        self.given = given
        self.constant = np.zeros((1, indim))
        self.later: list[_Feed] = []
        self.feeds: list[_Feed] = []
        self.compute = compute
        self.kept = kept


class CompiledNetwork:
    """The steps of a network, in their order.

    Attributes:
        width: numbers that one row needs at once.

    Args:
        description: the network.
        slots: where it takes places for what it carries from step to step.
        forgetful: whether its connections carry in the first time step only. So do those of a feed-forward
            network inside a recurrent one in PyBrain: a defect, reproduced on request.
        defects: whether that is to be reproduced in networks inside this one.
    """

    def __init__(
        self, description: NetworkDescription, slots: Slots, *, forgetful: bool = False, defects: bool = False
    ) -> None:
        self.width = sum(module.indim + module.outdim for module in description.modules) or 1
        self._forgetful = forgetful
        self._defects = defects
        self._description = description
        self._outputs = description.outputs
        kept = self._kept(slots)
        shares = _shares(description)
        self._steps = tuple(
            _Step(module.indim, shares.get(place), self._compute(module, slots), kept.get(place))
            for place, module in enumerate(description.modules)
        )
        self._connect(kept)

    def step(self, inputs: Array, run: Run) -> Array:
        """Returns the outputs, shape (rows, outdim), for inputs of shape (rows, indim); moves ``run`` on."""
        deaf = self._forgetful and run.steps > 0
        values: list[Array] = []
        for step in self._steps:
            total = np.repeat(np.zeros_like(step.constant) if deaf else step.constant, len(inputs), axis=0)
            if step.given is not None:
                total += inputs[:, step.given]
            if not deaf:
                for feed in step.later:
                    feed.add(total, run.state)
                for feed in step.feeds:
                    feed.add(total, values)
            values.append(step.compute(total, run))
        for step, value in zip(self._steps, values, strict=True):
            if step.kept is not None:
                run.state[step.kept] = value
        return np.concatenate([values[place] for place in self._outputs], axis=1)

    def _kept(self, slots: Slots) -> dict[int, int]:
        modules = self._description.modules
        sources = sorted({connection.source for connection in self._description.recurrent_connections})
        return {
            place: slots.take(
                modules[place].outdim, memory.output if (memory := modules[place].memory) else None
            )
            for place in sources
        }

    def _connect(self, kept: dict[int, int]) -> None:
        for connection in self._description.connections:
            feed = _Feed(connection, connection.source)
            step = self._steps[connection.target]
            if self._description.modules[connection.source].kind == "BiasUnit":
                feed.add(step.constant, [np.ones((1, 1))] * (connection.source + 1))
            else:
                step.feeds.append(feed)
        for connection in self._description.recurrent_connections:
            self._steps[connection.target].later.append(_Feed(connection, kept[connection.source]))

    def _compute(self, module: ModuleDescription, slots: Slots) -> Compute:
        if module.network is not None:
            outer = self._description.recurrent or self._forgetful
            forgetful = self._defects and outer and not module.network.recurrent
            inner = CompiledNetwork(module.network, slots, forgetful=forgetful, defects=self._defects)
            self.width += inner.width
            return inner.step
        if module.kind in _WITH_RUN:
            return _WITH_RUN[module.kind](module, slots)
        return _of_inputs(module)


def _of_inputs(module: ModuleDescription) -> Compute:
    layer = LAYERS[module.kind]
    if layer.forward is None:
        raise KnowledgeError(
            f"The {module.kind} '{module.name}' cannot be run: {layer.reason}.", part=module.name
        )
    forward = layer.forward(module)
    return lambda x, run: forward(x)


def _lstm(module: ModuleDescription, slots: Slots) -> Compute:
    place = slots.take(module.outdim, module.memory.state if module.memory else None)
    step = lstm_step(module)

    def compute(x: Array, run: Run) -> Array:
        output, run.state[place] = step(x, run.state[place])
        return output

    return compute


def _gaussian(module: ModuleDescription, slots: Slots) -> Compute:
    if not module.options["enabled"]:
        return lambda x, run: x
    slots.chance.append(module)
    sigma = expln(module.arrays["sigmas"])

    def compute(x: Array, run: Run) -> Array:
        assert run.random is not None
        return run.random.normal(x, sigma)

    return compute


def _bernoulli(module: ModuleDescription, slots: Slots) -> Compute:
    slots.chance.append(module)

    def compute(x: Array, run: Run) -> Array:
        assert run.random is not None
        # As PyBrain has it: the larger the input, the less often a 1.
        return (x <= run.random.random_sample(x.shape)).astype(float)

    return compute


_WITH_RUN: dict[str, Callable[[ModuleDescription, Slots], Compute]] = {
    "LSTMLayer": _lstm,
    "GaussianLayer": _gaussian,
    "BernoulliLayer": _bernoulli,
}


def _shares(description: NetworkDescription) -> dict[int, slice]:
    shares: dict[int, slice] = {}
    start = 0
    for place in description.inputs:
        stop = start + description.modules[place].indim
        shares[place] = slice(start, stop)
        start = stop
    return shares
