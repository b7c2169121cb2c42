"""Computes the net input of a cell in as few array operations as possible.

Full connections are matrices. Those whose sources are adjacent in the buffers become one matrix, and biases
become an additional column, multiplied by a row of ones. All other feeds are added one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from pybrain_runtime.engine.execution_context import ExecutionContext, aligned_zeros
from pybrain_runtime.engine.flatten import Cell, Feed
from pybrain_runtime.io.record import Protocol
from pybrain_runtime.network.connections import CONNECTIONS, matrix
from pybrain_runtime.network.layers.formulas import Array
from pybrain_runtime.network.layers.kernel import Kernel, Operation

Span = tuple[int, int]
Binder = Callable[[ExecutionContext], list[Operation]]
"""Binds some operations of a network to the memory of a context."""


class BufferMap(Protocol):
    """The positions of values in the buffers."""

    dtype: np.dtype

    def rows_of(self, feed: Feed) -> Span:
        """Return the rows of the buffers that a feed reads."""

    def columns_of(self, feed: Feed) -> Span | None:
        """Return the columns of the inputs that a feed reads; None if it reads the buffers."""

    def is_ones(self, row: int) -> bool:
        """Return whether a row holds nothing but ones, for biases."""

    def product_rows(self, count: int) -> Span:
        """Return rows for a product that is then added to others."""

    def count_product(self, multiplications: int) -> None:
        """Take a matrix product into account."""


class Product:
    """A matrix product.

    Args:
        rows: the rows of the buffers, or the columns of the inputs, that are multiplied.
        weights: shape (fed, taken).
        given: whether ``rows`` are columns of the inputs.
    """

    __slots__ = ("given", "rows", "weights")

    def __init__(self, rows: Span, weights: Array, *, given: bool = False) -> None:
        self.rows = rows
        self.weights = weights
        self.given = given

    def beside(self, other: Product) -> Product:
        """Return this product joined with another one, whose rows follow."""
        weights = np.concatenate([self.weights, other.weights], axis=1)
        return Product((self.rows[0], other.rows[1]), weights)


class InputLayout:
    """The feeds of a cell, combined.

    Args:
        cell: the cell.
        kernel: its kernel, for the order and the scale of its inputs.
        z: the rows of its net input.
        buffer_map: the positions of values.
    """

    def __init__(self, cell: Cell, kernel: Kernel, z: Span, buffer_map: BufferMap) -> None:
        self._cell = cell
        self._kernel = kernel
        self._z = z
        self._map = buffer_map
        self._constant: Array = np.zeros(cell.indim)
        self._products: dict[Span, list[Product]] = {}
        self._others: list[Feed] = []

    def add(self, feed: Feed, *, constant: bool, as_tanh: bool) -> None:
        """Add a feed.

        Args:
            feed: the feed.
            constant: whether it reads a bias unit.
            as_tanh: whether the source writes t instead of (t + 1) / 2, see ``Kernel.bind_tanh``.
        """
        if constant:
            # A bias unit that is an output of a nested network is fed without a connection.
            ones = np.ones((1, 1))
            self._constant[slice(*feed.fed)] += ones[0] if feed.connection is None else _carry(feed)(ones)[0]
        elif is_dense(feed):
            assert feed.connection is not None
            columns = self._map.columns_of(feed)
            rows = self._map.rows_of(feed) if columns is None else columns
            weights = matrix(feed.connection)
            if as_tanh:
                weights = weights / 2.0
                self._constant[slice(*feed.fed)] += weights.sum(axis=1)
            product = Product(rows, weights, given=columns is not None)
            self._products.setdefault(feed.fed, []).append(product)
        else:
            self._others.append(feed)

    def binders(self) -> list[Binder]:
        """Return the binders that compute the net input, in the order and scale of the kernel."""
        whole = 0, self._cell.indim
        order, scale = self._kernel.input_order, self._kernel.input_scale
        # If all feeds are matrices, order and scale are applied to them once.
        if self._products and set(self._products) == {whole} and not self._others and not self._cell.given:
            self._constant = _arranged(self._constant, order, scale)
            products = self._products[whole]
            for product in products:
                product.weights = _arranged(product.weights, order, scale)
            first, *rest = self._joined(products)
            return [
                self._into(first, self._z),
                *(self._added(product, whole) for product in rest),
                *self._plus_constant(),
            ]
        done = self._begin()
        for fed, some in self._products.items():
            done += [self._added(product, fed) for product in self._joined(some)]
        return [*done, *(self._other(feed) for feed in self._others), _arrange(self._z, order, scale)]

    def _begin(self) -> list[Binder]:
        """Return the binders that set the net input to the network's inputs plus the constant."""
        if self._cell.given:
            done = [_take_in(self._cell.given, self._z), *self._plus_constant()]
        else:
            done = [_fill(self._z, self._constant)]
        self._constant = np.zeros_like(self._constant)
        return done

    def _plus_constant(self) -> list[Binder]:
        return [_add_constant(self._z, self._constant)] if self._constant.any() else []

    def _joined(self, products: list[Product]) -> list[Product]:
        """Join products of adjacent rows, and add the constant if a row of ones is adjacent."""
        joined: list[Product] = []
        is_ones = self._map.is_ones
        for product in sorted(products, key=lambda p: (p.given, p.rows)):
            last = joined[-1] if joined else None
            if last is None or product.given or last.given:
                joined.append(product)
            elif product.rows == last.rows:
                last.weights = last.weights + product.weights
            elif product.rows[0] == last.rows[1]:
                joined[-1] = last.beside(product)
            elif product.rows[0] == last.rows[1] + 1 and is_ones(last.rows[1]):
                joined[-1] = self._with_ones(last).beside(product)
            else:
                joined.append(product)
        if self._constant.any():
            for place, product in enumerate(joined):
                if not product.given and is_ones(product.rows[1]):
                    joined[place] = self._with_ones(product)
                    break
        return joined

    def _with_ones(self, product: Product) -> Product:
        """Return the product extended by the following row of ones, weighted by the constant the first time."""
        bias: Array = np.zeros(len(product.weights))
        if self._constant.any():
            bias, self._constant = self._constant, np.zeros_like(self._constant)
        row = product.rows[1]
        return product.beside(Product((row, row + 1), bias[:, None]))

    def _into(self, product: Product, target: Span) -> Binder:
        weights = aligned_zeros(product.weights.shape, self._map.dtype)
        weights[...] = product.weights
        weights.flags.writeable = False
        self._map.count_product(weights.size)
        rows = slice(*product.rows)
        if product.given:
            return _product_of_inputs(weights, rows, target)
        return lambda context: [partial(weights.dot, context.values[rows], context.values[slice(*target)])]

    def _added(self, product: Product, fed: Span) -> Binder:
        room = self._map.product_rows(len(product.weights))
        make, part = self._into(product, room), self._part(fed)

        def bind(context: ExecutionContext) -> list[Operation]:
            total = context.values[part]
            return [*make(context), partial(np.add, total, context.values[slice(*room)], total)]

        return bind

    def _other(self, feed: Feed) -> Binder:
        part, rows = self._part(feed.fed), slice(*self._map.rows_of(feed))
        if feed.connection is None or feed.connection.kind == "IdentityConnection":
            return lambda context: [
                partial(np.add, context.values[part], context.values[rows], context.values[part])
            ]
        carry = _carry(feed)

        def bind(context: ExecutionContext) -> list[Operation]:
            total, source = context.values[part], context.values[rows]
            return [lambda: np.add(total, carry(source.T).T, total)]

        return bind

    def _part(self, fed: Span) -> slice:
        return slice(self._z[0] + fed[0], self._z[0] + fed[1])


def is_dense(feed: Feed) -> bool:
    """Return whether a feed is a matrix without structure."""
    return feed.connection is not None and CONNECTIONS[feed.connection.kind].dense


def _carry(feed: Feed) -> Callable[[Array], Array]:
    assert feed.connection is not None
    return CONNECTIONS[feed.connection.kind].carry(feed.connection)


def _arranged(array: Array, order: np.ndarray | None, scale: Array | None) -> Array:
    """Return the rows in another order, each times its scale."""
    array = array if order is None else array[order]
    return array if scale is None else (array.T * scale).T


def _take_in(given: Span, z: Span) -> Binder:
    columns = slice(*given)

    def bind(context: ExecutionContext) -> list[Operation]:
        total = context.values[slice(*z)]

        def take_all() -> None:
            total[...] = context.inputs

        def take_some() -> None:
            total[...] = context.inputs[columns]

        return [take_all if given == (0, context.indim) else take_some]

    return bind


def _fill(z: Span, constant: Array) -> Binder:
    return lambda context: [partial(np.copyto, context.values[slice(*z)], context.column(constant))]


def _add_constant(z: Span, constant: Array) -> Binder:
    def bind(context: ExecutionContext) -> list[Operation]:
        total = context.values[slice(*z)]
        return [partial(np.add, total, context.column(constant), total)]

    return bind


def _product_of_inputs(weights: Array, columns: slice, target: Span) -> Binder:
    def bind(context: ExecutionContext) -> list[Operation]:
        into, dot = context.values[slice(*target)], weights.dot
        if columns == slice(0, context.indim):
            return [lambda: dot(context.inputs, into)]
        return [lambda: dot(context.inputs[columns], into)]

    return bind


def _arrange(z: Span, order: np.ndarray | None, scale: Array | None) -> Binder:
    def bind(context: ExecutionContext) -> list[Operation]:
        total = context.values[slice(*z)]
        done: list[Operation] = []
        if order is not None:
            done.append(lambda: np.copyto(total, total[order]))
        if scale is not None:
            done.append(partial(np.multiply, total, context.column(scale), total))
        return done

    return bind
