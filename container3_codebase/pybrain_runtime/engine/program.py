"""A network as a list of array operations: where every number lies, and what is done in which order.

A workspace has a row for each unit and a column for each row of the activation. The outputs of a cell lie in
rows beside each other, with a row of ones behind them where a full connection starts, for biases. What a
cell puts out stays where it is until the next time step writes over it, so a recurrent connection finds
there what it needs.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from pybrain_runtime.engine.buffers import Workspace
from pybrain_runtime.engine.flatten import Cell, Feed, FlatNetwork
from pybrain_runtime.engine.input_layout import Bind, Inlet, Span, is_dense
from pybrain_runtime.engine.kernels import kernel_for
from pybrain_runtime.network.layers.formulas import Array
from pybrain_runtime.network.layers.kernel import Kernel, Operands, Operation

_WIDE = 32
_CACHE, _ROOM = 1 << 20, 1 << 26
_FEWEST, _MOST = 256, 16_384


class Program:
    """The operations of a network, for workspaces of any number of columns. It never changes.

    Attributes:
        dtype: what it computes in.
        chunk: how many columns are best computed at once: so many that they fit the cache.
        cost: roughly the multiplications for one column.
        largest: multiplications in the largest matrix product for one column.
        chance: the cells that draw at random.
        typed: whether the inputs must come in the program's own type.
        state: the rows that hold what goes from one time step to the next.
        remembered: what a file that was saved in the middle of a sequence holds for each; None where nothing.
        steps_done: time steps that the network had done when it was saved.

    Args:
        network: the network.
        dtype: float64 or float32.

    Raises:
        KnowledgeError: a part of it cannot be computed from inputs alone.
    """

    def __init__(self, network: FlatNetwork, dtype: np.dtype) -> None:
        self.dtype = dtype
        self.cost = self.largest = 0
        self.steps_done = network.steps_done
        self._cells = network.cells
        self._indim, self._outdim = network.indim, network.outdim
        self._kernels = [kernel_for(cell, dtype) for cell in network.cells]
        self.chance = tuple(c for c, kernel in zip(self._cells, self._kernels, strict=True) if kernel.random)
        plain = _heard_through_matrices(network)
        self._straight = {place for place in plain if _wide_input(self._cells[place])}
        self._halved = {place for place in plain if self._kernels[place].bind_tanh}
        self.typed = bool(self._straight)
        self._size = self._sum_size = 0
        self._place_cells()
        self._first = self._steps(network.outputs, fading=True)
        self._later = self._steps(network.outputs, fading=False) if network.fading else self._first
        self._size += self._sum_size  # the room for sums lies behind everything else
        self.chunk = self._best_chunk()

    def workspace(self, columns: int) -> Workspace:
        """Returns a new workspace for so many columns."""
        work = Workspace(self._size, columns, self.dtype, self._indim, self._outdim)
        for row in (*self._ones, *self._bias_rows):
            work.values[row] = 1.0
        first = [operation for bind in self._first for operation in bind(work)]
        if self._later is self._first:
            work.bind(first, first)
        else:
            work.bind(first, [operation for bind in self._later for operation in bind(work)])
        return work

    def _best_chunk(self) -> int:
        burden = sum(kernel.temporaries for kernel in self._kernels)
        column = self._size * self.dtype.itemsize
        fitting = max(_FEWEST, min(_MOST, _CACHE // (column + 1)))
        return max(1, min(fitting, _CACHE // (burden + 1), _ROOM // (column + 1)))

    def reset(self, work: Workspace) -> None:
        """Forgets all earlier time steps."""
        for start, stop in self.state:
            work.values[start:stop] = 0.0

    # Where things lie: what inlets ask for, too.

    def rows_of(self, feed: Feed) -> Span:
        """Returns the rows of the workspace that a feed takes from."""
        spans = self._kept if feed.delayed and feed.source in self._kept else self._blocks
        start = spans[feed.source][0]
        return start + feed.taken[0], start + feed.taken[1]

    def columns_of(self, feed: Feed) -> Span | None:
        """Returns the columns of the inputs that a feed takes from; None where it takes from the workspace."""
        given = self._cells[feed.source].given
        if feed.source not in self._straight or given is None:
            return None
        return given[0] + feed.taken[0], given[0] + feed.taken[1]

    def is_ones(self, row: int) -> bool:
        """Says whether a row holds nothing but ones, for biases."""
        return row in self._ones

    def room(self, count: int) -> Span:
        """Returns rows for a product that is then added to others."""
        self._sum_size = max(self._sum_size, count)
        return self._size, self._size + count

    def count(self, multiplications: int) -> None:
        """Takes note of the size of a matrix product."""
        self.cost += multiplications
        self.largest = max(self.largest, multiplications)

    def _rows(self, count: int) -> Span:
        start = self._size
        self._size += count
        return start, self._size

    def _place_cells(self) -> None:
        feeds = [(place, feed) for place, cell in enumerate(self._cells) for feed in cell.feeds]
        dense = {feed.source for _, feed in feeds if is_dense(feed)}
        delayed = {feed.source for _, feed in feeds if feed.delayed}
        hear_themselves = {place for place, feed in feeds if feed.delayed and feed.source == place}
        # Cells whose last outputs are asked for when they have put out new ones: a copy is kept.
        late = {
            feed.source
            for place, feed in feeds
            if feed.delayed and (feed.source < place or self._cells[feed.source].constant)
        }
        self._blocks: list[Span] = []
        self._kept: dict[int, Span] = {}
        self._states: list[Span] = []
        self._ones: set[int] = set()
        self._bias_rows: list[int] = []
        self.state: list[Span] = []
        self.remembered: list[Array | None] = []
        for place, cell in enumerate(self._cells):
            self._blocks.append(self._rows(0 if place in self._straight else cell.outdim))
            if cell.constant:
                self._bias_rows.append(self._blocks[-1][0])
            elif place in dense and place not in self._straight:
                self._ones.add(self._rows(1)[0])
            if place in late:
                self._kept[place] = self._rows(cell.outdim)
            if place in delayed:
                self._remember(self._kept.get(place, self._blocks[-1]), cell.remembered)
        for cell, kernel in zip(self._cells, self._kernels, strict=True):
            self._states.append(self._rows(kernel.state_units))
            if kernel.state_units:
                memory = cell.module.memory if cell.module else None
                self._remember(self._states[-1], memory.state if memory else None)
        self._apart = {
            place
            for place, cell in enumerate(self._cells)
            if cell.indim != cell.outdim or place in hear_themselves
        }
        # Rooms that the cells use one after another.
        self._z_room = self._rows(max((self._cells[place].indim for place in self._apart), default=0))[0]
        self._spare_room = self._rows(max((kernel.scratch_units for kernel in self._kernels), default=0))[0]

    def _remember(self, rows: Span, remembered: Array | None) -> None:
        self.state.append(rows)
        self.remembered.append(remembered)

    # What is done.

    def _steps(self, outputs: tuple[int, ...], *, fading: bool) -> list[Bind]:
        """Returns a time step: the first one with what fades, the later ones without."""
        binders: list[Bind] = []
        for place, cell in enumerate(self._cells):
            if not cell.constant and place not in self._straight:
                feeds = [feed for feed in cell.feeds if fading or not feed.fading]
                binders += self._cell(place, cell, self._kernels[place], feeds)
        binders += [_copy(self._blocks[place], kept) for place, kept in self._kept.items()]
        start = 0
        for place in outputs:
            binders.append(_put_out(self._blocks[place], start))
            start += self._cells[place].outdim
        return binders

    def _cell(self, place: int, cell: Cell, kernel: Kernel, feeds: list[Feed]) -> list[Bind]:
        block, state = self._blocks[place], slice(*self._states[place])
        z = (self._z_room, self._z_room + cell.indim) if place in self._apart else block
        spare = slice(self._spare_room, self._spare_room + kernel.scratch_units)
        inlet = Inlet(cell, kernel, z, self)
        for feed in feeds:
            constant = self._cells[feed.source].constant and not feed.delayed
            inlet.add(feed, constant=constant, halved=feed.source in self._halved)
        self.cost += 8 * cell.outdim

        tanh = kernel.bind_tanh if place in self._halved else None
        bind = tanh or kernel.bind

        def compute(work: Workspace) -> list[Operation]:
            rows = work.values
            total = rows[slice(*z)]
            out = total if z == block else rows[slice(*block)]
            return bind(Operands(work, total, out, rows[state], rows[spare]))

        return [*inlet.binders(), compute]


def _heard_through_matrices(network: FlatNetwork) -> set[int]:
    """Returns the cells whose outputs go nowhere but through full connections, within the time step."""
    feeds = [feed for cell in network.cells for feed in cell.feeds]
    apart = {feed.source for feed in feeds if feed.delayed or not is_dense(feed)}
    return set(range(len(network.cells))) - apart - set(network.outputs)


def _wide_input(cell: Cell) -> bool:
    """Says whether the outputs of a cell are best taken from the inputs themselves, not from a copy in columns."""
    return cell.given is not None and cell.kind == "LinearLayer" and cell.indim >= _WIDE and not cell.feeds


def _copy(source: Span, target: Span) -> Bind:
    return lambda work: [partial(np.copyto, work.values[slice(*target)], work.values[slice(*source)])]


def _put_out(block: Span, start: int) -> Bind:
    # positive() copies; copyto() would take a poor way from rows to columns, three times as long.
    rows = slice(start, start + block[1] - block[0])

    def bind(work: Workspace) -> list[Operation]:
        source, exchange = work.values[slice(*block)], work.exchange
        if rows == slice(0, work.outdim):
            return [lambda: np.positive(source, exchange.answer)]
        return [lambda: np.positive(source, exchange.answer[rows])]

    return bind
