"""A network without nested networks: all cells in one list, with the feeds of each.

A nested network becomes its modules between two cells that copy their inputs: one at its inputs and one at its
outputs.
"""

from __future__ import annotations

import numpy as np

from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription

PASS = "pass"
"""The kind of a cell that copies its inputs."""


class Feed:
    """The outputs of one cell that are added to the inputs of another.

    Attributes:
        source: index of the cell whose outputs are read.
        taken: which of its outputs are read, start and stop.
        fed: the inputs to which they are added, start and stop.
        connection: the connection that maps them; None for the outputs unchanged.
        delayed: whether the outputs of the previous time step are read.
        fading: whether the feed exists in the first time step only.
    """

    __slots__ = ("connection", "delayed", "fading", "fed", "source", "taken")

    def __init__(
        self,
        source: int,
        taken: tuple[int, int],
        fed: tuple[int, int],
        connection: ConnectionDescription | None = None,
        *,
        delayed: bool = False,
        fading: bool = False,
    ) -> None:
        self.source = source
        self.taken = taken
        self.fed = fed
        self.connection = connection
        self.delayed = delayed
        self.fading = fading


class Cell:
    """A layer, a bias unit, or the inputs or outputs of a nested network.

    Attributes:
        name: its name in the file.
        kind: PyBrain's class name, or ``PASS``.
        indim: number of inputs.
        outdim: number of outputs.
        module: its description in the network; None for ``PASS``.
        given: the inputs of the network that it reads, start and stop; None if it reads none.
        feeds: its feeds from other cells.
        saved_output: its last output, if the file was saved in the middle of a sequence.
    """

    __slots__ = ("feeds", "given", "indim", "kind", "module", "name", "outdim", "saved_output")

    def __init__(
        self, name: str, kind: str, indim: int, outdim: int, module: ModuleDescription | None = None
    ) -> None:
        self.name = name
        self.kind = kind
        self.indim = indim
        self.outdim = outdim
        self.module = module
        self.given: tuple[int, int] | None = None
        self.feeds: list[Feed] = []
        self.saved_output: np.ndarray | None = None

    @property
    def constant(self) -> bool:
        """Whether the output of the cell is always 1."""
        return self.kind == "BiasUnit"


class FlatNetwork:
    """The cells of a network, each after all cells that it reads.

    Attributes:
        cells: the cells.
        indim: number of inputs.
        outdim: number of outputs.
        outputs: the cells whose outputs are those of the network, in order.
        recurrent: whether the rows are the time steps of a sequence.
        fading: whether there are feeds in the first time step only.

    Args:
        description: the network.
    """

    def __init__(self, description: NetworkDescription) -> None:
        self.cells: list[Cell] = []
        self.indim = description.indim
        self.outdim = description.outdim
        self.recurrent = description.recurrent
        self.fading = False
        self._legacy_nesting = description.legacy_nesting
        ends = self._add(description, fading=False)
        start = 0
        for place in description.inputs:
            cell = self.cells[ends[place][0]]
            cell.given = start, start + cell.indim
            start += cell.indim
        self.outputs = tuple(ends[place][1] for place in description.outputs)

    def _add(self, network: NetworkDescription, *, fading: bool) -> list[tuple[int, int]]:
        """Add the modules of a network; return the cell of the inputs and the cell of the outputs of each."""
        inner_fading = self._legacy_nesting and (network.recurrent or fading)
        ends = [self._module(module, fading=inner_fading) for module in network.modules]
        for connection in network.connections:
            self._connect(connection, ends, fading=fading)
        if self.recurrent:  # otherwise every row is a first time step
            for connection in network.recurrent_connections:
                self._connect(connection, ends, delayed=True, fading=fading)
        self.fading |= fading
        return ends

    def _module(self, module: ModuleDescription, *, fading: bool) -> tuple[int, int]:
        inner = module.network
        if inner is None:
            place = self._cell(module.name, module.kind, module.indim, module.outdim, module)
            return place, place
        entry = self._cell(module.name, PASS, module.indim, module.indim)
        ends = self._add(inner, fading=fading and not inner.recurrent)
        start = 0
        for place in inner.inputs:
            cell = self.cells[ends[place][0]]
            cell.feeds.append(Feed(entry, (start, start + cell.indim), (0, cell.indim)))
            start += cell.indim
        exit_ = self._cell(module.name, PASS, module.outdim, module.outdim)
        self.cells[exit_].saved_output = module.memory.output if module.memory else None
        start = 0
        for place in inner.outputs:
            width = self.cells[ends[place][1]].outdim
            self.cells[exit_].feeds.append(Feed(ends[place][1], (0, width), (start, start + width)))
            start += width
        return entry, exit_

    def _cell(
        self, name: str, kind: str, indim: int, outdim: int, module: ModuleDescription | None = None
    ) -> int:
        cell = Cell(name, kind, indim, outdim, module)
        if module is not None and module.memory is not None:
            cell.saved_output = module.memory.output
        self.cells.append(cell)
        return len(self.cells) - 1

    def _connect(
        self,
        connection: ConnectionDescription,
        ends: list[tuple[int, int]],
        *,
        delayed: bool = False,
        fading: bool,
    ) -> None:
        feed = Feed(
            ends[connection.source][1],
            connection.in_slice,
            connection.out_slice,
            connection,
            delayed=delayed,
            fading=fading,
        )
        self.cells[ends[connection.target][0]].feeds.append(feed)
