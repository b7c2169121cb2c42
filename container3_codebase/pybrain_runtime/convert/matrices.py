"""Connections as matrices: every kind of connection is a linear map of what its source puts out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pybrain_runtime._io.printable import escaped
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.network.connections import CONNECTIONS
from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription

_LARGEST = 1 << 25


def carries_all_unchanged(
    connection: ConnectionDescription, source: ModuleDescription, target: ModuleDescription
) -> bool:
    """Says whether a connection adds the whole output of its source to the whole input of its target."""
    whole = connection.in_slice == (0, source.outdim) and connection.out_slice == (0, target.indim)
    return whole and connection.kind == "IdentityConnection"


def matrix_of(
    connections: Iterable[ConnectionDescription], source: ModuleDescription, target: ModuleDescription
) -> np.ndarray:
    """Return what several connections between the same two modules do together.

    Returns:
        Shape (source.outdim, target.indim): the output of the source times it is added to the target's input.

    Raises:
        KnowledgeError: it would have too many elements; most of them would be zeros.
    """
    if source.outdim * target.indim > _LARGEST:
        raise KnowledgeError(
            f"The connections from '{escaped(source.name, 60)}' to '{escaped(target.name, 60)}' make up a matrix of "
            f"{source.outdim} by {target.indim} numbers, more than is written ({_LARGEST:,}).",
            hint="Convert to npz instead, which keeps connections as they are.",
        )
    together = np.zeros((source.outdim, target.indim))
    for connection in connections:
        carry = CONNECTIONS[connection.kind].carry(connection)
        rows, columns = slice(*connection.in_slice), slice(*connection.out_slice)
        # What a linear map makes of each unit vector is its matrix.
        together[rows, columns] += carry(np.eye(connection.indim))
    return together
