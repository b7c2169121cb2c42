"""Groups of connections: all connections between two modules are drawn as one curve with one label."""

from __future__ import annotations

from dataclasses import dataclass

from pybrain_runtime.network.description import ConnectionDescription, NetworkDescription

_LISTED = 12


@dataclass(frozen=True, eq=False)
class Group:
    """The connections from one module to another.

    Attributes:
        source: index of the source module.
        target: index of the target module.
        connections: the connections.
        recurrent: whether they connect one time step with the next.
    """

    source: int
    target: int
    connections: tuple[ConnectionDescription, ...]
    recurrent: bool

    @property
    def label(self) -> str:
        """The label: kind, number of parameters, and the mothers of shared parameters."""
        kinds = sorted({connection.kind.removesuffix("Connection") for connection in self.connections})
        count = f"{len(self.connections)} × " if len(self.connections) > 1 else ""
        first = self.connections[0]
        label = count + "/".join(kinds)
        if first.parameters is not None and not count:
            label += f" {first.parameters.size}"
        mothers = sorted({c.mother for c in self.connections if c.mother is not None})
        return f"{label} of {', '.join(mothers)}" if 0 < len(mothers) < 3 else label

    def details(self, network: NetworkDescription) -> str:
        """Return a line for each connection, for the tooltip of the curve."""
        lines = [_detail(connection, network) for connection in self.connections[:_LISTED]]
        left = len(self.connections) - len(lines)
        return "\n".join([*lines, f"and {left} more"] if left else lines)


def group_connections(network: NetworkDescription) -> list[Group]:
    """Return the groups of connections in the order of their first connection; recurrent groups last."""
    found: dict[tuple[int, int, bool], list[ConnectionDescription]] = {}
    for connections, recurrent in ((network.connections, False), (network.recurrent_connections, True)):
        for connection in connections:
            found.setdefault((connection.source, connection.target, recurrent), []).append(connection)
    return [
        Group(source, target, tuple(connections), recurrent)
        for (source, target, recurrent), connections in found.items()
    ]


def _detail(connection: ConnectionDescription, network: NetworkDescription) -> str:
    ends = f"{network.modules[connection.source].name} to {network.modules[connection.target].name}"
    text = f"{connection.kind} '{connection.name}': {ends}, {connection.indim} to {connection.outdim}"
    if connection.in_slice != (0, network.modules[connection.source].outdim):
        text += f", from outputs {connection.in_slice[0]}:{connection.in_slice[1]}"
    if connection.out_slice != (0, network.modules[connection.target].indim):
        text += f", to inputs {connection.out_slice[0]}:{connection.out_slice[1]}"
    if connection.mother is not None:
        text += f", parameters of '{connection.mother}'"
    elif connection.parameters is not None:
        text += f", {connection.parameters.size} parameters"
    return text
