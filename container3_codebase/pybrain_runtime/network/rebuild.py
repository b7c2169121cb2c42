"""Builds a real PyBrain network from a description, through PyBrain's own constructors.

The classes come from the library of this project (the package ``pybrain``), which is only needed here: a plan
runs without it. The network can be trained, saved and changed like one made by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.network.allow_list import named, shown
from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription
from pybrain_runtime.network.layers import whole


def build_network(description: NetworkDescription) -> Any:
    """Returns a sorted ``FeedForwardNetwork`` or ``RecurrentNetwork`` that answers as the description does.

    Networks of special classes (``BidirectionalNetwork`` and the like) build their parts themselves, so they
    become a plain network of the same parts. A recurrent network starts reset. Where two modules share a
    name, the later ones get a number behind it.

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
    entry = named(kind)
    return getattr(import_module(entry.module), entry.name)


def distinct_names(description: NetworkDescription) -> list[str]:
    """Returns what the modules of the built network are called, in the order of the description."""
    names: dict[str, None] = {}
    last: dict[str, int] = {}  # the number given last; counting from 1 each time would take the square
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
    if module.kind not in _LAYERS:
        raise KnowledgeError(
            f"The {module.kind} '{shown(module.name, 60)}' cannot be built as a part of a network."
        )
    layer = _LAYERS[module.kind](_class(module.kind), module, name)
    if module.arrays:
        # In the order of PyBrain's own vector.
        position = 0
        for array in module.arrays.values():
            layer.params[position : position + array.size] = array.ravel()
            position += array.size
    return layer


def _gaussian(cls: Any, module: ModuleDescription, name: str) -> Any:
    layer = cls(module.outdim, name=name)
    layer.enabled = module.options["enabled"]
    return layer


def _mixture(cls: Any, module: ModuleDescription, name: str) -> Any:
    mixtures = whole(module.options, "mixtures")
    return cls(module.outdim // mixtures - 2, name=name, mix=mixtures)


def _by_inputs(cls: Any, module: ModuleDescription, name: str) -> Any:
    return cls(module.indim, name=name)


def _by_outputs(cls: Any, module: ModuleDescription, name: str) -> Any:
    return cls(module.outdim, name=name)


_LAYERS: dict[str, Callable[[Any, ModuleDescription, str], Any]] = {
    **dict.fromkeys(
        ("LinearLayer", "SigmoidLayer", "TanhLayer", "ReluLayer", "SoftSignLayer", "SoftmaxLayer"), _by_inputs
    ),
    **dict.fromkeys(("GateLayer", "MultiplicationLayer"), _by_outputs),
    "SwitchLayer": _by_inputs,
    "BernoulliLayer": _by_inputs,
    "DoubleGateLayer": lambda cls, module, name: cls(module.outdim // 2, name=name),
    "BiasUnit": lambda cls, module, name: cls(name=name),
    "PartialSoftmaxLayer": lambda cls, module, name: cls(
        module.outdim, whole(module.options, "slicelength"), name=name
    ),
    "MixtureDensityLayer": _mixture,
    "GaussianLayer": _gaussian,
    "LSTMLayer": lambda cls, module, name: cls(
        module.outdim, peepholes=bool(module.options["peepholes"]), name=name
    ),
    "MDLSTMLayer": lambda cls, module, name: cls(
        module.outdim // 2,
        dimensions=whole(module.options, "dimensions"),
        peepholes=bool(module.options["peepholes"]),
        name=name,
    ),
}


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
