"""Connections as matrices: every kind of connection is a linear map of its source's outputs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.network.connections import CONNECTIONS
from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription

_LARGEST = 1 << 25


def is_whole_identity(
    connection: ConnectionDescription, source: ModuleDescription, target: ModuleDescription
) -> bool:
    """Return whether a connection adds all outputs of its source, unchanged, to all inputs of its target.

    Args:
        connection: the connection.
        source: the source module.
        target: the target module.
    """
    whole = connection.in_slice == (0, source.outdim) and connection.out_slice == (0, target.indim)
    return whole and connection.kind == "IdentityConnection"


def matrix_of(
    connections: Iterable[ConnectionDescription], source: ModuleDescription, target: ModuleDescription
) -> np.ndarray:
    """Return the sum of the matrices of all connections between two modules.

    Args:
        connections: the connections.
        source: the source module.
        target: the target module.

    Returns:
        Shape (source.outdim, target.indim); outputs of the source are multiplied by it from the right.

    Raises:
        KnowledgeError: the matrix would have too many elements.
    """
    if source.outdim * target.indim > _LARGEST:
        raise KnowledgeError(
            f"The connections from '{escaped(source.name, 60)}' to '{escaped(target.name, 60)}' form a matrix of "
            f"shape ({source.outdim}, {target.indim}); the limit is {_LARGEST:,} elements.",
            hint="Convert to npz instead, which keeps connections as they are.",
        )
    total = np.zeros((source.outdim, target.indim))
    for connection in connections:
        carry = CONNECTIONS[connection.kind].carry(connection)
        rows, columns = slice(*connection.in_slice), slice(*connection.out_slice)
        # The images of the unit vectors are the rows of the matrix.
        total[rows, columns] += carry(np.eye(connection.indim))
    return total
