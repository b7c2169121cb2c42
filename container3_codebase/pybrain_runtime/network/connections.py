"""What each kind of connection computes, for many rows at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pybrain_runtime.network.description import ConnectionDescription

Array = np.ndarray
Carry = Callable[[Array], Array]
"""Takes a slice of outputs, shape (rows, indim); returns what the target gets, shape (rows, outdim)."""


def matrix(connection: ConnectionDescription) -> Array:
    """Returns the weights of a full connection, shape (outdim, indim): a row for each unit that it feeds."""
    assert connection.parameters is not None
    weights = connection.parameters.reshape(connection.outdim, connection.indim)
    if connection.kind == "FullNotSelfConnection":
        # The diagonal is stored and trained, but never used.
        weights = weights * (1.0 - np.eye(connection.outdim))
    return weights


def _full(connection: ConnectionDescription) -> Carry:
    transposed = matrix(connection).T
    return lambda y: y @ transposed


def _identity(connection: ConnectionDescription) -> Carry:
    return lambda y: y


def _linear(connection: ConnectionDescription) -> Carry:
    weights = connection.parameters
    assert weights is not None
    return lambda y: y * weights


def _subsampling(connection: ConnectionDescription) -> Carry:
    weights = connection.parameters
    assert weights is not None
    return lambda y: y.mean(axis=1, keepdims=True) * weights


def _permutation(connection: ConnectionDescription) -> Carry:
    order = connection.options["places"]
    assert isinstance(order, np.ndarray)
    return lambda y: y[:, order]


def _all(indim: int, outdim: int) -> int:
    return indim * outdim


def _none(indim: int, outdim: int) -> int:
    return 0


def _each(indim: int, outdim: int) -> int:
    return outdim


class Link:
    """One kind of connection.

    Args:
        count: how many parameters it has, from indim and outdim.
        carry: makes the function for a connection of this kind.
        square: whether as many numbers go in as come out.
    """

    __slots__ = ("carry", "count", "square")

    def __init__(
        self,
        count: Callable[[int, int], int],
        carry: Callable[[ConnectionDescription], Carry],
        square: bool = False,
    ) -> None:
        self.count = count
        self.carry = carry
        self.square = square


DENSE = ("FullConnection", "SharedFullConnection", "FullNotSelfConnection")
"""The kinds that are a matrix without structure, see ``matrix``."""

LINKS: dict[str, Link] = {
    "FullConnection": Link(_all, _full),
    "SharedFullConnection": Link(_all, _full),
    "FullNotSelfConnection": Link(_all, _full, square=True),
    "IdentityConnection": Link(_none, _identity, square=True),
    "LinearConnection": Link(_each, _linear, square=True),
    "PermutationConnection": Link(_none, _permutation, square=True),
    "SubsamplingConnection": Link(_each, _subsampling),
    "SharedSubsamplingConnection": Link(_each, _subsampling),
}
"""Every kind of connection that can run. SharedConnection itself is abstract."""
