"""What a network is: layers, connections and their numbers, checked, typed and frozen.

This is the meeting point of the runtime. Whatever a file was (a pickle of any protocol, an XML file), it ends
as a ``NetworkDescription``; a plan is compiled from it, a real PyBrain network can be built from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from pybrain_runtime._io.record import NOTHING, Record


class Memory(Record):
    """What a module remembers of the last time step, where a file was saved in the middle of a sequence.

    Attributes:
        output: its last output, shape (outdim,).
        state: the cell state of an LSTM layer, shape (dim,); else None.
    """

    output: np.ndarray
    state: np.ndarray | None = None


class ModuleDescription(Record):
    """A layer, a bias unit, or a whole network as part of another.

    Attributes:
        name: as in the file.
        kind: PyBrain's class name, ``SigmoidLayer``.
        indim: numbers that come in.
        outdim: numbers that go out.
        options: what else its formula needs: ``peepholes``, ``dimensions``, ``enabled``, ...
        arrays: its parameters by their name in the formula, float64, read-only.
        network: its content, where it is a network itself.
        memory: its last time step, where the file holds one.
    """

    name: str
    kind: str
    indim: int
    outdim: int
    options: Mapping[str, object] = NOTHING
    arrays: Mapping[str, np.ndarray] = NOTHING
    network: NetworkDescription | None = None
    memory: Memory | None = None

    def integer_option(self, name: str) -> int:
        """Return an option that is an integer."""
        value = self.options[name]
        assert isinstance(value, int)
        return value

    @property
    def parameter_count(self) -> int:
        """Trainable numbers inside."""
        inside = self.network.parameter_count if self.network else 0
        return inside + sum(array.size for array in self.arrays.values())


class ConnectionDescription(Record):
    """What carries numbers from one module's output to another one's input.

    Attributes:
        name: as in the file.
        kind: PyBrain's class name, ``FullConnection``.
        source: the place of the module it starts at, in ``NetworkDescription.modules``.
        target: the place of the module it ends at.
        in_slice: from and to, in the output of the source.
        out_slice: from and to, in the input of the target.
        parameters: float64, shape (count,), read-only; None for kinds without any.
        mother: the name of the mother connection that holds the parameters for several; else None.
        options: ``permutation`` and ``blocksize`` of a PermutationConnection.
    """

    name: str
    kind: str
    source: int
    target: int
    in_slice: tuple[int, int]
    out_slice: tuple[int, int]
    parameters: np.ndarray | None = None
    mother: str | None = None
    options: Mapping[str, object] = NOTHING

    @property
    def indim(self) -> int:
        """Numbers that it takes."""
        return self.in_slice[1] - self.in_slice[0]

    @property
    def outdim(self) -> int:
        """Numbers that it adds to."""
        return self.out_slice[1] - self.out_slice[0]


class NetworkDescription(Record):
    """A network whose parts are known to fit together.

    Attributes:
        name: as in the file.
        kind: PyBrain's class name, ``FeedForwardNetwork``.
        modules: its parts, in an order in which each comes after all that it listens to.
        inputs: places of the modules that take the inputs, in the order of the input columns.
        outputs: places of the modules whose outputs are the answer, in the order of the output columns.
        connections: within a time step, ordered by their source.
        recurrent_connections: from one time step to the next.
        mothers: parameters that several connections share, by name.
        recurrent: whether the rows are the steps of a sequence.
        steps_done: time steps since the last reset, where the file was saved in the middle of a sequence.
    """

    name: str
    kind: str
    modules: tuple[ModuleDescription, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    connections: tuple[ConnectionDescription, ...]
    recurrent_connections: tuple[ConnectionDescription, ...] = ()
    mothers: Mapping[str, np.ndarray] = NOTHING
    recurrent: bool = False
    steps_done: int = 0

    @property
    def indim(self) -> int:
        """Numbers in a row of the activation."""
        return sum(self.modules[place].indim for place in self.inputs)

    @property
    def outdim(self) -> int:
        """Numbers in a row of the prediction."""
        return sum(self.modules[place].outdim for place in self.outputs)

    @property
    def parameter_count(self) -> int:
        """Trainable numbers, those of mothers counted once."""
        own = sum(
            c.parameters.size for c in self.all_connections() if c.parameters is not None and not c.mother
        )
        shared = sum(array.size for array in self.mothers.values())
        return own + shared + sum(module.parameter_count for module in self.modules)

    def all_connections(self) -> Iterator[ConnectionDescription]:
        """Yields the connections within a time step, then those from one step to the next."""
        yield from self.connections
        yield from self.recurrent_connections
