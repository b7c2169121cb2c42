"""What reaches a cell, made into the fewest array operations.

Full connections are matrices. Those whose sources lie side by side in the workspace become one matrix, and
what comes from bias units becomes one more column of it, for a row of ones that lies there. All else is added
afterwards, connection by connection.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np

from pybrain_runtime.engine.buffers import Workspace
from pybrain_runtime.engine.flatten import Cell, Feed
from pybrain_runtime.network.connections import CONNECTIONS, matrix
from pybrain_runtime.network.layers.formulas import Array
from pybrain_runtime.network.layers.kernel import Kernel, Operation

Span = tuple[int, int]
Bind = Callable[[Workspace], list[Operation]]
"""Makes the operations of one part of a program for a workspace."""


class Ground(Protocol):
    """What an inlet must know about where things lie."""

    dtype: np.dtype

    def rows_of(self, feed: Feed) -> Span:
        """Returns the rows of the workspace that a feed takes from."""

    def columns_of(self, feed: Feed) -> Span | None:
        """Returns the columns of the inputs that a feed takes from; None where it takes from the workspace."""

    def is_ones(self, row: int) -> bool:
        """Says whether a row holds nothing but ones, for biases."""

    def room(self, count: int) -> Span:
        """Returns rows for a product that is then added to others."""

    def count(self, multiplications: int) -> None:
        """Takes note of the size of a matrix product."""


class Product:
    """A matrix product: weights, shape (fed, taken), times rows of the workspace or columns of the inputs."""

    __slots__ = ("given", "rows", "weights")

    def __init__(self, rows: Span, weights: Array, *, given: bool = False) -> None:
        self.rows = rows
        self.weights = weights
        self.given = given

    def beside(self, other: Product) -> Product:
        """Returns the product with another one, whose rows come right behind."""
        weights = np.concatenate([self.weights, other.weights], axis=1)
        return Product((self.rows[0], other.rows[1]), weights)


class Inlet:
    """Collects the feeds of a cell.

    Args:
        cell: the cell.
        kernel: how it computes: in which order it wants its inputs, and times what.
        z: the rows that get the sum.
        ground: where everything lies.
    """

    def __init__(self, cell: Cell, kernel: Kernel, z: Span, ground: Ground) -> None:
        self._cell = cell
        self._kernel = kernel
        self._z = z
        self._ground = ground
        self._constant: Array = np.zeros(cell.indim)
        self._products: dict[Span, list[Product]] = {}
        self._others: list[Feed] = []

    def add(self, feed: Feed, *, constant: bool, halved: bool) -> None:
        """Takes one feed.

        Args:
            feed: the feed.
            constant: whether it always brings what a bias unit puts out.
            halved: whether the source puts out t instead of (t + 1) / 2.
        """
        if constant:
            # A bias unit that is an output of a nested network goes out without a connection.
            ones = np.ones((1, 1))
            self._constant[slice(*feed.fed)] += ones[0] if feed.connection is None else _carry(feed)(ones)[0]
        elif is_dense(feed):
            assert feed.connection is not None
            columns = self._ground.columns_of(feed)
            rows = self._ground.rows_of(feed) if columns is None else columns
            weights = matrix(feed.connection)
            if halved:
                weights = weights / 2.0
                self._constant[slice(*feed.fed)] += weights.sum(axis=1)
            product = Product(rows, weights, given=columns is not None)
            self._products.setdefault(feed.fed, []).append(product)
        else:
            self._others.append(feed)

    def binders(self) -> list[Bind]:
        """Returns what puts the sum of everything into z, in the kernel's order and times its gain."""
        whole = 0, self._cell.indim
        order, gain = self._kernel.input_order, self._kernel.input_scale
        # Where matrices make up all of it, order and gain go into them.
        if self._products and set(self._products) == {whole} and not self._others and not self._cell.given:
            self._constant = _arranged(self._constant, order, gain)
            products = self._products[whole]
            for product in products:
                product.weights = _arranged(product.weights, order, gain)
            first, *rest = self._joined(products)
            return [
                self._into(first, self._z),
                *(self._added(product, whole) for product in rest),
                *self._plus_constant(),
            ]
        done = self._begin()
        for fed, some in self._products.items():
            done += [self._added(product, fed) for product in self._joined(some)]
        return [*done, *(self._other(feed) for feed in self._others), _arrange(self._z, order, gain)]

    def _begin(self) -> list[Bind]:
        """Returns what puts into z what is there without any connection: its share of the inputs, the constant."""
        if self._cell.given:
            done = [_take_in(self._cell.given, self._z), *self._plus_constant()]
        else:
            done = [_fill(self._z, self._constant)]
        self._constant = np.zeros_like(self._constant)
        return done

    def _plus_constant(self) -> list[Bind]:
        return [_add_constant(self._z, self._constant)] if self._constant.any() else []

    def _joined(self, products: list[Product]) -> list[Product]:
        """Joins products whose rows lie side by side, and takes the constant in where a row of ones lies there."""
        joined: list[Product] = []
        is_ones = self._ground.is_ones
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
        """Returns the product with the row of ones behind its rows; its weights are the constant, once."""
        bias: Array = np.zeros(len(product.weights))
        if self._constant.any():
            bias, self._constant = self._constant, np.zeros_like(self._constant)
        row = product.rows[1]
        return product.beside(Product((row, row + 1), bias[:, None]))

    def _into(self, product: Product, target: Span) -> Bind:
        weights = np.ascontiguousarray(product.weights, self._ground.dtype)
        weights.flags.writeable = False
        self._ground.count(weights.size)
        rows = slice(*product.rows)
        if product.given:
            return _product_of_given(weights, rows, target)
        return lambda work: [partial(weights.dot, work.values[rows], work.values[slice(*target)])]

    def _added(self, product: Product, fed: Span) -> Bind:
        room = self._ground.room(len(product.weights))
        make, part = self._into(product, room), self._part(fed)

        def bind(work: Workspace) -> list[Operation]:
            total = work.values[part]
            return [*make(work), partial(np.add, total, work.values[slice(*room)], total)]

        return bind

    def _other(self, feed: Feed) -> Bind:
        part, rows = self._part(feed.fed), slice(*self._ground.rows_of(feed))
        if feed.connection is None or feed.connection.kind == "IdentityConnection":
            return lambda work: [partial(np.add, work.values[part], work.values[rows], work.values[part])]
        carry = _carry(feed)

        def bind(work: Workspace) -> list[Operation]:
            total, source = work.values[part], work.values[rows]
            return [lambda: np.add(total, carry(source.T).T, total)]

        return bind

    def _part(self, fed: Span) -> slice:
        return slice(self._z[0] + fed[0], self._z[0] + fed[1])


def is_dense(feed: Feed) -> bool:
    """Says whether a feed is a matrix without structure."""
    return feed.connection is not None and CONNECTIONS[feed.connection.kind].dense


def _carry(feed: Feed) -> Callable[[Array], Array]:
    assert feed.connection is not None
    return CONNECTIONS[feed.connection.kind].carry(feed.connection)


def _arranged(array: Array, order: np.ndarray | None, gain: Array | None) -> Array:
    """Returns the rows in another order, each times its gain."""
    array = array if order is None else array[order]
    return array if gain is None else (array.T * gain).T


def _take_in(given: Span, z: Span) -> Bind:
    columns = slice(*given)

    def bind(work: Workspace) -> list[Operation]:
        total, exchange = work.values[slice(*z)], work.exchange

        def take_all() -> None:
            total[...] = exchange.given

        def take_some() -> None:
            total[...] = exchange.given[columns]

        return [take_all if given == (0, work.indim) else take_some]

    return bind


def _fill(z: Span, constant: Array) -> Bind:
    return lambda work: [partial(np.copyto, work.values[slice(*z)], work.column(constant))]


def _add_constant(z: Span, constant: Array) -> Bind:
    def bind(work: Workspace) -> list[Operation]:
        total = work.values[slice(*z)]
        return [partial(np.add, total, work.column(constant), total)]

    return bind


def _product_of_given(weights: Array, columns: slice, target: Span) -> Bind:
    def bind(work: Workspace) -> list[Operation]:
        into, exchange = work.values[slice(*target)], work.exchange
        return [lambda: weights.dot(exchange.given[columns], into)]

    return bind


def _arrange(z: Span, order: np.ndarray | None, gain: Array | None) -> Bind:
    def bind(work: Workspace) -> list[Operation]:
        total = work.values[slice(*z)]
        done: list[Operation] = []
        if order is not None:
            done.append(lambda: np.copyto(total, total[order]))
        if gain is not None:
            done.append(partial(np.multiply, total, work.column(gain), total))
        return done

    return bind
