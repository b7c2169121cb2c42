"""The kinds of connections: their module in PyBrain, number of parameters, and computation for many rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from pybrain_runtime.io.record import Record
from pybrain_runtime.network.description import ConnectionDescription

Array = np.ndarray
Carry = Callable[[Array], Array]
"""Maps a slice of outputs, shape (rows, indim), to what is added to the target, shape (rows, outdim)."""


def matrix(connection: ConnectionDescription) -> Array:
    """Return the weights of a dense connection, shape (outdim, indim)."""
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
    order = cast("Array", connection.options["places"])  # or an array of another array library
    return lambda y: y[:, order]


def _all(indim: int, outdim: int) -> int:
    return indim * outdim


def _none(indim: int, outdim: int) -> int:
    return 0


def _each(indim: int, outdim: int) -> int:
    return outdim


class ConnectionKind(Record):
    """A kind of connection.

    Attributes:
        name: PyBrain's class name.
        module: PyBrain's module below ``pybrain.structure.connections``.
        count: returns the number of parameters, from indim and outdim.
        carry: creates the function for a connection of this kind.
        square: whether indim and outdim must be equal.
        dense: whether it is a matrix without structure, see ``matrix``.
    """

    name: str
    module: str
    count: Callable[[int, int], int]
    carry: Callable[[ConnectionDescription], Carry]
    square: bool = False
    dense: bool = False


CONNECTIONS: dict[str, ConnectionKind] = {
    kind.name: kind
    for kind in (
        ConnectionKind("FullConnection", "full", _all, _full, dense=True),
        ConnectionKind("SharedFullConnection", "shared", _all, _full, dense=True),
        ConnectionKind("FullNotSelfConnection", "fullnotself", _all, _full, square=True, dense=True),
        ConnectionKind("IdentityConnection", "identity", _none, _identity, square=True),
        ConnectionKind("LinearConnection", "linear", _each, _linear, square=True),
        ConnectionKind("PermutationConnection", "permutation", _none, _permutation, square=True),
        ConnectionKind("SubsamplingConnection", "subsampling", _each, _subsampling),
        ConnectionKind("SharedSubsamplingConnection", "shared", _each, _subsampling),
    )
}
"""Every kind of connection that can be run, by PyBrain's class name. SharedConnection itself is abstract."""
