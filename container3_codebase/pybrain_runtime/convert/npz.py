"""Writes a network as an npz file: plain arrays and a JSON description, readable with NumPy alone."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping

import numpy as np

from pybrain_runtime.loading.npz.reader import DESCRIPTION, FORMAT, VERSION
from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription

_MATRICES = ("FullConnection", "FullNotSelfConnection")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def npz_bytes(network: NetworkDescription) -> bytes:
    """Return a network as the content of an npz file: the same bytes for the same network.

    ``numpy.load(file, allow_pickle=False)`` reads it. The array ``network`` is the JSON description, as text. The
    other arrays are the parameters that it refers to. The weights of a full connection have the shape (outdim,
    indim); all other parameters have their shape in ``NetworkDescription``.
    """
    writer = _Writer()
    described = {"format": FORMAT, "version": VERSION, "network": writer.network(network, "")}
    text = np.array(json.dumps(described, ensure_ascii=True, indent=1))
    return _archive({DESCRIPTION: text, **writer.arrays})


class _Writer:
    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}

    def network(self, network: NetworkDescription, prefix: str) -> dict[str, object]:
        """Return the JSON description of a network, and collect its arrays.

        Args:
            network: the network.
            prefix: what the names of its arrays begin with; empty for the outermost network.
        """
        mothers = dict(network.mothers)
        for connection in network.all_connections():
            if connection.mother is not None and connection.parameters is not None:
                mothers.setdefault(connection.mother, connection.parameters)
        return {
            "name": network.name,
            "kind": network.kind,
            "indim": network.indim,
            "outdim": network.outdim,
            "recurrent": network.recurrent,
            "steps_done": network.steps_done,
            "modules": [
                self._module(module, f"{prefix}modules.{place}")
                for place, module in enumerate(network.modules)
            ],
            "inputs": list(network.inputs),
            "outputs": list(network.outputs),
            "mothers": [
                {"name": name, "parameters": self._add(f"{prefix}mothers.{place}", numbers)}
                for place, (name, numbers) in enumerate(mothers.items())
            ],
            "connections": self._connections(network.connections, f"{prefix}connections"),
            "recurrent_connections": self._connections(
                network.recurrent_connections, f"{prefix}recurrent_connections"
            ),
        }

    def _module(self, module: ModuleDescription, key: str) -> dict[str, object]:
        described: dict[str, object] = {
            "name": module.name,
            "kind": module.kind,
            "indim": module.indim,
            "outdim": module.outdim,
            "options": dict(module.options),
            "arrays": {name: self._add(f"{key}.{name}", array) for name, array in module.arrays.items()},
        }
        if module.network is not None:
            described["network"] = self.network(module.network, f"{key}.")
        if module.memory is not None:
            state = {"output": module.memory.output, "state": module.memory.state}
            described["memory"] = {
                name: self._add(f"{key}.memory.{name}", row) for name, row in state.items() if row is not None
            }
        return described

    def _connections(
        self, connections: tuple[ConnectionDescription, ...], key: str
    ) -> list[dict[str, object]]:
        return [self._connection(c, f"{key}.{place}") for place, c in enumerate(connections)]

    def _connection(self, connection: ConnectionDescription, key: str) -> dict[str, object]:
        described: dict[str, object] = {
            "name": connection.name,
            "kind": connection.kind,
            "source": connection.source,
            "target": connection.target,
            "in_slice": list(connection.in_slice),
            "out_slice": list(connection.out_slice),
        }
        if connection.mother is not None:
            described["mother"] = connection.mother
        elif connection.parameters is not None:
            described["parameters"] = self._add(key, _shaped_parameters(connection))
        for option in ("permutation", "blocksize"):
            if option in connection.options:
                value = connection.options[option]
                described[option] = list(value) if isinstance(value, tuple) else value
        return described

    def _add(self, key: str, array: np.ndarray) -> str:
        self.arrays[key] = array
        return key


def _shaped_parameters(connection: ConnectionDescription) -> np.ndarray:
    """Return the parameters of a connection; of a full connection with shape (outdim, indim)."""
    assert connection.parameters is not None
    if connection.kind in _MATRICES:
        return connection.parameters.reshape(connection.outdim, connection.indim)
    return connection.parameters


def _archive(arrays: Mapping[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, array in arrays.items():
            # A fixed date, so that the same network gives the same file.
            member = zipfile.ZipInfo(f"{key}.npy", _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            content = io.BytesIO()
            np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)
            archive.writestr(member, content.getvalue())
    return file.getvalue()
