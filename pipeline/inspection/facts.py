"""The findings about a knowledge file as JSON values, described in docs/knowledge-files.md."""

from __future__ import annotations

import numpy as np

from pybrain_runtime.inspection import Inspection
from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription
from pybrain_runtime.network.model_card import Column
from pybrain_runtime.network.stored_scaling import find_scaling

_SHOWN, _LONGEST_TEXT = 100, 10_000


def facts_of(inspection: Inspection) -> dict[str, object]:
    """Return all findings except the values of the parameters."""
    scaling = find_scaling(inspection.companions)
    return {
        "path": inspection.path,
        "size": inspection.size,
        "sha256": inspection.sha256 or None,
        "format": inspection.format or None,
        "packing": inspection.packing or None,
        "verdict": inspection.verdict,
        "usable": inspection.usable,
        "reason": inspection.error.message if inspection.error else None,
        "hint": inspection.error.hint or None if inspection.error else None,
        "holds": inspection.holds or None,
        "choices": list(inspection.choices),
        "names": list(inspection.names),
        "random": inspection.random,
        "companions": {path: _plain(value) for path, value in inspection.companions.items()},
        "scaling": scaling.as_report() if scaling else None,
        "network": _network(inspection.network) if inspection.network else None,
        "card": _card(inspection),
    }


def _network(network: NetworkDescription) -> dict[str, object]:
    return {
        "name": network.name,
        "kind": network.kind,
        "inputs": network.indim,
        "outputs": network.outdim,
        "parameters": network.parameter_count,
        "recurrent": network.recurrent,
        "steps_done": network.steps_done,
        "layers": [_layer(network, index, module) for index, module in enumerate(network.modules)],
        "connections": [
            *(_connection(network, connection, recurrent=False) for connection in network.connections),
            *(
                _connection(network, connection, recurrent=True)
                for connection in network.recurrent_connections
            ),
        ],
        "mothers": [{"name": name, "parameters": array.size} for name, array in network.mothers.items()],
    }


def _layer(network: NetworkDescription, index: int, module: ModuleDescription) -> dict[str, object]:
    return {
        "name": module.name,
        "kind": module.kind,
        "inputs": module.indim,
        "outputs": module.outdim,
        "parameters": module.parameter_count,
        "takes_input": index in network.inputs,
        "gives_output": index in network.outputs,
        "options": dict(module.options),
        "network": _network(module.network) if module.network else None,
    }


def _connection(
    network: NetworkDescription, connection: ConnectionDescription, *, recurrent: bool
) -> dict[str, object]:
    return {
        "name": connection.name,
        "kind": connection.kind,
        "from": network.modules[connection.source].name,
        "to": network.modules[connection.target].name,
        "from_place": connection.source,
        "to_place": connection.target,
        "from_slice": list(connection.in_slice),
        "to_slice": list(connection.out_slice),
        "parameters": 0 if connection.parameters is None else connection.parameters.size,
        "mother": connection.mother,
        "recurrent": recurrent,
    }


def _card(inspection: Inspection) -> dict[str, object] | None:
    if inspection.card_path is None:
        return None
    card = inspection.card
    error = inspection.card_error
    return {
        "path": inspection.card_path,
        "fits": card is not None if inspection.network is not None else None,
        "reason": error.message if error else None,
        "name": card.name if card else None,
        "task": card.task if card else None,
        "inputs": [_column(column) for column in card.inputs] if card else None,
        "outputs": [_column(column) for column in card.outputs] if card else None,
        "labels": list(card.labels) if card else None,
        "image": card.image.as_json() if card and card.image else None,
    }


def _column(column: Column) -> dict[str, object]:
    return {"name": column.name, "unit": column.unit, "mean": column.mean, "scale": column.scale}


def _plain(value: object) -> object:
    """Return a stored object as JSON: large arrays as their shape, other objects as their type."""
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return {"type": "str", "length": len(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray):
        values = value.tolist() if value.size <= _SHOWN else None
        return {"shape": list(value.shape), "values": values}
    return {"type": type(value).__name__}
