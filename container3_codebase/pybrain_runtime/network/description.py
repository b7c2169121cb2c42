"""The description of a network: layers, connections and parameters, validated, typed and immutable.

Every file format is read into a ``NetworkDescription``. Compiled networks, files of other formats and real
PyBrain networks are created from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np

from pybrain_runtime.io.record import NOTHING, Record

NESTED = (
    "differs from PyBrain: the feed-forward network inside the recurrent one gets its input at every step; in PyBrain, "
    "from step 2 on, it computes as if it had none"
)


class Memory(Record):
    """The recurrent state of a module in a file that was saved in the middle of a sequence.

    Attributes:
        output: the output of the last time step, shape (outdim,).
        state: the cell state of an LSTM layer, shape (dim,); else None.
    """

    output: np.ndarray
    state: np.ndarray | None = None


class ModuleDescription(Record):
    """A layer, a bias unit, or a nested network.

    Attributes:
        name: its name in the file.
        kind: PyBrain's class name, such as ``SigmoidLayer``.
        indim: number of inputs.
        outdim: number of outputs.
        options: other arguments of its formula: ``peepholes``, ``dimensions``, ``enabled``, ...
        arrays: its parameters by name, float64, read-only.
        network: the nested network; None for a layer.
        memory: its recurrent state, if the file holds one.
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
        """Number of trainable parameters."""
        inside = self.network.parameter_count if self.network else 0
        return inside + sum(array.size for array in self.arrays.values())


class ConnectionDescription(Record):
    """A connection from the output of one module to the input of another.

    Attributes:
        name: its name in the file.
        kind: PyBrain's class name, such as ``FullConnection``.
        source: index of the source module in ``NetworkDescription.modules``.
        target: index of the target module.
        in_slice: start and stop in the output of the source.
        out_slice: start and stop in the input of the target.
        parameters: float64, shape (count,), read-only; None for kinds without parameters.
        mother: name of the mother connection if several connections share parameters; else None.
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
        """Number of outputs of the source that the connection reads."""
        return self.in_slice[1] - self.in_slice[0]

    @property
    def outdim(self) -> int:
        """Number of inputs of the target that the connection feeds."""
        return self.out_slice[1] - self.out_slice[0]


class NetworkDescription(Record):
    """A validated network.

    Attributes:
        name: its name in the file.
        kind: PyBrain's class name, such as ``FeedForwardNetwork``.
        modules: the modules in order of computation: each after all modules that feed it.
        inputs: indices of the input modules, in the order of the input columns.
        outputs: indices of the output modules, in the order of the output columns.
        connections: the connections within a time step, ordered by their source.
        recurrent_connections: the connections from one time step to the next.
        mothers: shared parameters, by the name of the mother connection.
        recurrent: whether the rows are the time steps of a sequence.
        steps_done: time steps since the last reset, if the file was saved in the middle of a sequence.
        legacy_nesting: whether a feed-forward network inside a recurrent one is computed as PyBrain does: from the
            second time step on, nothing reaches it.
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
    legacy_nesting: bool = False

    @cached_property
    def indim(self) -> int:
        """Number of inputs: columns of the activation."""
        return sum(self.modules[place].indim for place in self.inputs)

    @cached_property
    def outdim(self) -> int:
        """Number of outputs: columns of the prediction."""
        return sum(self.modules[place].outdim for place in self.outputs)

    @cached_property
    def differing(self) -> str:
        """How the outputs differ from PyBrain's, in one line; empty if they do not."""
        if self.legacy_nesting or not self.recurrent:  # in a feed-forward network every row is a first step
            return ""
        return NESTED if self._corrects_nesting() else ""

    def _corrects_nesting(self) -> bool:
        inside = [module.network for module in self.modules if module.network is not None]
        return any(
            (self.recurrent and not network.recurrent) or network._corrects_nesting() for network in inside
        )

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters; shared ones count once."""
        own = sum(
            c.parameters.size for c in self.all_connections() if c.parameters is not None and not c.mother
        )
        shared = sum(array.size for array in self.mothers.values())
        return own + shared + sum(module.parameter_count for module in self.modules)

    def all_connections(self) -> Iterator[ConnectionDescription]:
        """Yield the connections within a time step, then those from one step to the next."""
        yield from self.connections
        yield from self.recurrent_connections
