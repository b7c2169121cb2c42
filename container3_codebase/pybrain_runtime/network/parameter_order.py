"""The order of the parameters in PyBrain's parameter vector of a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription

_Take = Callable[[int], np.ndarray]


def with_parameters(network: NetworkDescription, vector: np.ndarray) -> NetworkDescription:
    """Return the network with other parameters.

    The order is that of PyBrain's ``params``: for each module its own parameters and those of its outgoing
    connections; then the mother connections; then the recurrent connections.

    Args:
        network: the network.
        vector: the parameters, shape (``network.parameter_count``,).
    """
    position = 0

    def take(count: int) -> np.ndarray:
        nonlocal position
        part = np.array(vector[position : position + count])
        part.flags.writeable = False
        position += count
        return part

    return _network(network, take)


def _network(network: NetworkDescription, take: _Take) -> NetworkDescription:
    modules: list[ModuleDescription] = []
    within: list[ConnectionDescription] = []
    outgoing: dict[int, list[ConnectionDescription]] = {}
    for connection in network.connections:
        outgoing.setdefault(connection.source, []).append(connection)
    for place, module in enumerate(network.modules):
        modules.append(_module(module, take))
        within += [_own(connection, take) for connection in outgoing.get(place, [])]
    mothers = {name: take(array.size) for name, array in network.mothers.items()}
    later = [_own(c, take) for c in network.recurrent_connections]
    return network.replace(
        modules=tuple(modules),
        connections=tuple(_shared(c, mothers) for c in within),
        mothers=mothers,
        recurrent_connections=tuple(_shared(c, mothers) for c in later),
    )


def _module(module: ModuleDescription, take: _Take) -> ModuleDescription:
    inner = _network(module.network, take) if module.network else None
    arrays = {name: take(array.size).reshape(array.shape) for name, array in module.arrays.items()}
    return module.replace(network=inner, arrays=arrays)


def _own(connection: ConnectionDescription, take: _Take) -> ConnectionDescription:
    if connection.parameters is None or connection.mother is not None:
        return connection
    return connection.replace(parameters=take(connection.parameters.size))


def _shared(connection: ConnectionDescription, mothers: Mapping[str, np.ndarray]) -> ConnectionDescription:
    if connection.mother is None or connection.mother not in mothers:
        return connection
    return connection.replace(parameters=mothers[connection.mother])
