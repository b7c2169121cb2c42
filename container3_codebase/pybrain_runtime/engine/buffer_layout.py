"""The position of every value of a network in its buffers, and the array operations of a time step in order.

Buffers have a row for each unit and a column for each row of the activation. The outputs of a cell are
contiguous rows, followed by a row of ones, for biases, if a full connection starts there. The outputs of a cell
remain until the next time step overwrites them, and recurrent connections read them before that.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from pybrain_runtime.engine.execution_context import ExecutionContext
from pybrain_runtime.engine.flatten import Cell, Feed, FlatNetwork
from pybrain_runtime.engine.input_layout import Binder, InputLayout, Span, is_dense
from pybrain_runtime.engine.kernels import kernel_for
from pybrain_runtime.network.layers.formulas import Array
from pybrain_runtime.network.layers.kernel import Kernel, Operands, Operation

_WIDE = 32
_CACHE, _MEMORY = 1 << 20, 1 << 26
_FEWEST, _MOST = 256, 16_384


class BufferLayout:
    """The positions of all values and the operations of a network, for any number of columns. Immutable.

    Attributes:
        dtype: float64 or float32.
        chunk: number of columns that are best computed at once: as many as fit into the cache.
        cost: approximate number of multiplications per column.
        largest_product: number of multiplications per column of the largest matrix product.
        random: the cells that draw their outputs.
        typed_inputs: whether the inputs must have the layout's own dtype.
        state: the rows of the recurrent state.
        saved_state: the value of each of these rows if the file was saved in the middle of a sequence; else None.

    Args:
        network: the network.
        dtype: float64 or float32.

    Raises:
        KnowledgeError: the outputs of a cell are not a function of its inputs.
    """

    def __init__(self, network: FlatNetwork, dtype: np.dtype) -> None:
        self.dtype = dtype
        self.cost = self.largest_product = 0
        self._cells = network.cells
        self._indim, self._outdim = network.indim, network.outdim
        self._kernels = [kernel_for(cell, dtype) for cell in network.cells]
        self.random = tuple(c for c, kernel in zip(self._cells, self._kernels, strict=True) if kernel.random)
        internal = _read_by_matrices_only(network)
        self._direct = {place for place in internal if _is_wide_input(self._cells[place])}
        self._as_tanh = {place for place in internal if self._kernels[place].bind_tanh}
        self.typed_inputs = bool(self._direct)
        self._size = self._products_size = 0
        self._place_cells()
        self._first = self._time_step(network.outputs, fading=True)
        self._later = self._time_step(network.outputs, fading=False) if network.fading else self._first
        self._size += self._products_size  # products come after everything else
        self.chunk = self._best_chunk()

    def new_context(self, columns: int) -> ExecutionContext:
        """Return a context for a number of columns, reset."""
        context = ExecutionContext((self._size, columns), self.dtype, self._indim, self._outdim)
        for row in (*self._ones, *self._bias_rows):
            context.values[row] = 1.0
        first = [operation for bind in self._first for operation in bind(context)]
        later = first
        if self._later is not self._first:
            later = [operation for bind in self._later for operation in bind(context)]
        context.bind(first, later)
        return context

    def reset(self, context: ExecutionContext) -> None:
        """Clear the recurrent state."""
        for start, stop in self.state:
            context.values[start:stop] = 0.0

    def _best_chunk(self) -> int:
        temporaries = sum(kernel.temporaries for kernel in self._kernels)
        column = self._size * self.dtype.itemsize
        fitting = max(_FEWEST, min(_MOST, _CACHE // (column + 1)))
        return max(1, min(fitting, _CACHE // (temporaries + 1), _MEMORY // (column + 1)))

    # Positions, which input layouts use.

    def rows_of(self, feed: Feed) -> Span:
        """Return the buffer rows that a feed reads."""
        spans = self._kept if feed.delayed and feed.source in self._kept else self._blocks
        start = spans[feed.source][0]
        return start + feed.taken[0], start + feed.taken[1]

    def columns_of(self, feed: Feed) -> Span | None:
        """Return the input columns that a feed reads; None if it reads the buffers."""
        given = self._cells[feed.source].given
        if feed.source not in self._direct or given is None:
            return None
        return given[0] + feed.taken[0], given[0] + feed.taken[1]

    def is_ones(self, row: int) -> bool:
        """Return whether a row consists of ones, for biases."""
        return row in self._ones

    def product_rows(self, count: int) -> Span:
        """Return rows for a product that is then added to others."""
        self._products_size = max(self._products_size, count)
        return self._size, self._size + count

    def count_product(self, multiplications: int) -> None:
        """Take a matrix product into account."""
        self.cost += multiplications
        self.largest_product = max(self.largest_product, multiplications)

    def _rows(self, count: int) -> Span:
        start = self._size
        self._size += count
        return start, self._size

    def _place_cells(self) -> None:
        feeds = [(place, feed) for place, cell in enumerate(self._cells) for feed in cell.feeds]
        dense = {feed.source for _, feed in feeds if is_dense(feed)}
        delayed = {feed.source for _, feed in feeds if feed.delayed}
        self_connected = {place for place, feed in feeds if feed.delayed and feed.source == place}
        # The last outputs of these are read after they were overwritten: a copy is kept.
        overwritten = {
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
        self.saved_state: list[Array | None] = []
        for place, cell in enumerate(self._cells):
            self._blocks.append(self._rows(0 if place in self._direct else cell.outdim))
            if cell.constant:
                self._bias_rows.append(self._blocks[-1][0])
            elif place in dense and place not in self._direct:
                self._ones.add(self._rows(1)[0])
            if place in overwritten:
                self._kept[place] = self._rows(cell.outdim)
            if place in delayed:
                self._add_state(self._kept.get(place, self._blocks[-1]), cell.saved_output)
        for cell, kernel in zip(self._cells, self._kernels, strict=True):
            self._states.append(self._rows(kernel.state_units))
            if kernel.state_units:
                memory = cell.module.memory if cell.module else None
                self._add_state(self._states[-1], memory.state if memory else None)
        self._not_in_place = {
            place
            for place, cell in enumerate(self._cells)
            if cell.indim != cell.outdim or place in self_connected
        }
        # The cells use these one after another.
        self._net_input = self._rows(max((self._cells[p].indim for p in self._not_in_place), default=0))[0]
        self._scratch = self._rows(max((kernel.scratch_units for kernel in self._kernels), default=0))[0]

    def _add_state(self, rows: Span, saved: Array | None) -> None:
        self.state.append(rows)
        self.saved_state.append(saved)

    # Operations.

    def _time_step(self, outputs: tuple[int, ...], *, fading: bool) -> list[Binder]:
        """Return the operations of a time step, with or without the feeds that exist in the first one only."""
        binders: list[Binder] = []
        for place, cell in enumerate(self._cells):
            if not cell.constant and place not in self._direct:
                feeds = [feed for feed in cell.feeds if fading or not feed.fading]
                binders += self._cell(place, cell, self._kernels[place], feeds)
        binders += [_copy(self._blocks[place], kept) for place, kept in self._kept.items()]
        start = 0
        for place in outputs:
            binders.append(_write_outputs(self._blocks[place], start))
            start += self._cells[place].outdim
        return binders

    def _cell(self, place: int, cell: Cell, kernel: Kernel, feeds: list[Feed]) -> list[Binder]:
        block, state = self._blocks[place], slice(*self._states[place])
        z = (self._net_input, self._net_input + cell.indim) if place in self._not_in_place else block
        scratch = slice(self._scratch, self._scratch + kernel.scratch_units)
        layout = InputLayout(cell, kernel, z, self)
        for feed in feeds:
            constant = self._cells[feed.source].constant and not feed.delayed
            layout.add(feed, constant=constant, as_tanh=feed.source in self._as_tanh)
        self.cost += 8 * cell.outdim
        bind_kernel = (kernel.bind_tanh if place in self._as_tanh else None) or kernel.bind

        def bind(context: ExecutionContext) -> list[Operation]:
            rows = context.values
            net_input = rows[slice(*z)]
            out = net_input if z == block else rows[slice(*block)]
            return bind_kernel(Operands(context, net_input, out, rows[state], rows[scratch]))

        return [*layout.binders(), bind]


def _read_by_matrices_only(network: FlatNetwork) -> set[int]:
    """Return the cells that are read by full connections only, within the time step."""
    feeds = [feed for cell in network.cells for feed in cell.feeds]
    others = {feed.source for feed in feeds if feed.delayed or not is_dense(feed)}
    return set(range(len(network.cells))) - others - set(network.outputs)


def _is_wide_input(cell: Cell) -> bool:
    """Return whether a cell is best read from the inputs themselves, not from a transposed copy of them."""
    return cell.given is not None and cell.kind == "LinearLayer" and cell.indim >= _WIDE and not cell.feeds


def _copy(source: Span, target: Span) -> Binder:
    return lambda to: [partial(np.copyto, to.values[slice(*target)], to.values[slice(*source)])]


def _write_outputs(block: Span, start: int) -> Binder:
    # positive() copies; copyto() takes three times as long from rows to columns.
    rows = slice(start, start + block[1] - block[0])

    def bind(context: ExecutionContext) -> list[Operation]:
        source = context.values[slice(*block)]
        if rows == slice(0, context.outdim):
            return [lambda: np.positive(source, context.outputs)]
        return [lambda: np.positive(source, context.outputs[rows])]

    return bind
