"""Builds a PyBrain network from a description, with PyBrain's own constructors.

The classes come from the package ``pybrain``, which inference does not need. The network can be trained, saved
and changed like any other.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.network.allow_list import class_entry
from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription
from pybrain_runtime.network.layers.registry import LAYERS


def build_network(description: NetworkDescription) -> Any:
    """Return a sorted ``FeedForwardNetwork`` or ``RecurrentNetwork`` with the outputs of the description.

    Networks of special classes, such as ``BidirectionalNetwork``, create their own parts; each becomes a
    plain network with the same parts. A recurrent network starts reset. If modules share a name, the later
    ones get a number as a suffix.

    Raises:
        KnowledgeError: a layer is of a kind that cannot be built from its description.
        ImportError: the package ``pybrain`` is not installed.
    """
    network = _class("RecurrentNetwork" if description.recurrent else "FeedForwardNetwork")(description.name)
    modules = [
        _module(module, name)
        for module, name in zip(description.modules, distinct_names(description), strict=True)
    ]
    for place in description.inputs:
        network.addInputModule(modules[place])
    for place in description.outputs:
        network.addOutputModule(modules[place])
    for module in modules:
        network.addModule(module)
    mothers = {name: _mother(name, numbers) for name, numbers in description.mothers.items()}
    for connection in description.connections:
        network.addConnection(_connection(connection, modules, mothers))
    for connection in description.recurrent_connections:
        network.addRecurrentConnection(_connection(connection, modules, mothers))
    network.sortModules()
    return network


def _class(kind: str) -> Any:
    entry = class_entry(kind)
    return getattr(import_module(entry.module), entry.name)


def distinct_names(description: NetworkDescription) -> list[str]:
    """Return the names of the modules of the built network, in the order of the description."""
    names: dict[str, None] = {}
    last: dict[str, int] = {}  # the last suffix; counting from 1 each time would be quadratic
    for module in description.modules:
        name, number = module.name, last.get(module.name, 1)
        while name in names:
            number += 1
            name = f"{module.name}-{number}"
        last[module.name] = number
        names[name] = None
    return list(names)


def _module(module: ModuleDescription, name: str) -> Any:
    if module.network is not None:
        inner = build_network(module.network)
        inner.name = name
        return inner
    kind = LAYERS.get(module.kind)
    if kind is None or not kind.rebuildable:
        raise KnowledgeError(
            f"The {module.kind} '{escaped(module.name, 60)}' cannot be built as a part of a network."
        )
    arguments = kind.constructor_dim(module) if kind.constructor_dim else (module.outdim // kind.outputs,)
    keywords = {o.given_as: module.options[o.name] for o in kind.options if o.in_constructor}
    layer = _class(module.kind)(*arguments, **keywords, name=name)
    for option in kind.options:
        if not option.in_constructor:
            setattr(layer, option.stored_as, module.options[option.name])
    if module.arrays:
        layer.params[:] = np.concatenate([module.arrays[p.name].ravel() for p in kind.parameters])
    return layer


def _mother(name: str, numbers: Any) -> Any:
    mother = _class("MotherConnection")(len(numbers), name=name)
    mother.params[:] = numbers
    return mother


def _connection(connection: ConnectionDescription, modules: list[Any], mothers: dict[str, Any]) -> Any:
    ends = (modules[connection.source], modules[connection.target])
    slices = {
        "inSliceFrom": connection.in_slice[0],
        "inSliceTo": connection.in_slice[1],
        "outSliceFrom": connection.out_slice[0],
        "outSliceTo": connection.out_slice[1],
    }
    cls = _class(connection.kind)
    if connection.mother is not None:
        if connection.mother not in mothers:
            assert connection.parameters is not None
            mothers[connection.mother] = _mother(connection.mother, connection.parameters)
        return cls(mothers[connection.mother], *ends, **slices)
    if connection.kind == "PermutationConnection":
        options = connection.options
        return cls(*ends, list(options["permutation"]), options["blocksize"], name=connection.name, **slices)  # type: ignore[call-overload]
    made = cls(*ends, name=connection.name, **slices)
    if connection.parameters is not None:
        made.params[:] = connection.parameters
    return made
