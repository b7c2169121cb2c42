"""A network without networks inside it: all cells in one list, with what each listens to.

A network inside another one becomes its modules, between two cells that pass numbers on: one where they come
in, one where they go out.
"""

from __future__ import annotations

import numpy as np

from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription

PASS = "pass"
"""The kind of a cell that puts out what comes in."""


class Feed:
    """What reaches a cell from another one.

    Attributes:
        source: the place of the cell it comes from.
        taken: which of its outputs, from and to.
        fed: which inputs they are added to, from and to.
        connection: what is done on the way; None passes the numbers on.
        delayed: whether it brings the outputs of the last time step.
        fading: whether it brings anything in the first time step only.
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
    """A layer, a bias unit, or an end of a network inside another.

    Attributes:
        name: as in the file.
        kind: PyBrain's class name, or ``PASS``.
        indim: numbers that come in.
        outdim: numbers that go out.
        module: its description; None for ``PASS``.
        given: its share of the network's own inputs, from and to; None where it takes none.
        feeds: what reaches it from other cells.
        remembered: its last output, where the file was saved in the middle of a sequence.
    """

    __slots__ = ("feeds", "given", "indim", "kind", "module", "name", "outdim", "remembered")

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
        self.remembered: np.ndarray | None = None

    @property
    def constant(self) -> bool:
        """Whether it puts out 1 whatever comes in."""
        return self.kind == "BiasUnit"


class FlatNetwork:
    """The cells of a network in an order in which each comes after all that it listens to.

    Attributes:
        cells: the cells.
        indim: numbers that come in.
        outdim: numbers that go out.
        outputs: the cells whose outputs are the answer, in the order of the output columns.
        recurrent: whether the rows are the steps of a sequence.
        steps_done: time steps that it had done when it was saved.
        fading: whether something stops after the first time step.

    Args:
        description: the network.
        defects: whether a feed-forward network inside a recurrent one listens in the first time step only, as
            PyBrain has it.
    """

    def __init__(self, description: NetworkDescription, *, defects: bool = False) -> None:
        self.cells: list[Cell] = []
        self.indim = description.indim
        self.outdim = description.outdim
        self.recurrent = description.recurrent
        self.steps_done = description.steps_done
        self.fading = False
        self._defects = defects
        ends = self._add(description, fading=False)
        start = 0
        for place in description.inputs:
            cell = self.cells[ends[place][0]]
            cell.given = start, start + cell.indim
            start += cell.indim
        self.outputs = tuple(ends[place][1] for place in description.outputs)

    def _add(self, network: NetworkDescription, *, fading: bool) -> list[tuple[int, int]]:
        """Adds the modules of a network; returns for each the cells where it takes and where it gives."""
        inner_fading = self._defects and (network.recurrent or fading)
        ends = [self._module(module, fading=inner_fading) for module in network.modules]
        for connection in network.connections:
            self._connect(connection, ends, fading=fading)
        if self.recurrent:  # elsewhere every row is a first time step
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
        self.cells[exit_].remembered = module.memory.output if module.memory else None
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
            cell.remembered = module.memory.output
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
