"""Writes a network as a pickle that PyBrain itself loads, whatever NumPy it runs on."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np

from pybrain_runtime.limits import DEFAULT_LIMITS
from pybrain_runtime.network.description import NetworkDescription
from pybrain_runtime.network.rebuild import build_network, distinct_names

PROTOCOL, NEWER_PROTOCOL = 2, 4
"""The newest that Python 2 reads as well, which PyBrain 0.3 runs on; and what a large network is written in."""


def pickle_bytes(network: NetworkDescription) -> bytes:
    """Return a pickle of PyBrain's classes and NumPy's arrays, by the names they always had.

    It is of protocol 2, and of protocol 4 where it would otherwise be too large to be knowledge: written by
    Python 3, the older one takes half as many bytes again for numbers. A recurrent network that was saved in the
    middle of a sequence goes on there.

    Raises:
        KnowledgeError: a layer is of a kind that cannot be built; the message names it.
    """
    built = build_network(network)
    if network.steps_done:
        _carry_on(built, network)
    return pickled(built)


def pickled(network: Any) -> bytes:
    """Return the pickle of a network of the library: the same bytes for the same network in every process.

    Args:
        network: a network whose modules have distinct names.
    """
    sets = [(net, net.modules) for net in _networks(network)]
    try:
        for net, modules in sets:
            net.modules = _SortedSet(modules)
        content = pickle.dumps(network, PROTOCOL)
        return content if len(content) <= DEFAULT_LIMITS.file_size else pickle.dumps(network, NEWER_PROTOCOL)
    finally:
        for net, modules in sets:
            net.modules = modules


class _SortedSet(set[Any]):
    """A set of modules that is pickled as a plain set, sorted by name. A set has another order in each process."""

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return set, (sorted(self, key=lambda module: str(module.name)),)


def _networks(network: Any) -> list[Any]:
    """Return a network and all networks that are modules of it, at any depth."""
    found = [network]
    for net in found:  # grows meanwhile
        found += [module for module in net.modules if hasattr(module, "modules")]
    return found


def pybrain_answers(content: bytes) -> Any:
    """Return what the library answers with the network in a pickle that was made here, row by row.

    It must never be given a pickle from elsewhere: this is a real unpickling.
    """
    network = pickle.loads(content)

    def answers(inputs: np.ndarray) -> np.ndarray:
        if inputs.ndim == 2:
            return np.array([network.activate(row) for row in inputs]).reshape(len(inputs), network.outdim)
        outputs = []
        for sequence in inputs:
            network.reset()
            outputs.append([network.activate(row) for row in sequence])
        return np.array(outputs).reshape(*inputs.shape[:2], network.outdim)

    return answers


def _carry_on(built: Any, network: NetworkDescription) -> None:
    """Put what the modules remember into the first row of their buffers, and the network behind it.

    How many steps were done before makes no difference to those that follow.
    """
    built._ensureRows(2)
    for name, described in zip(distinct_names(network), network.modules, strict=True):
        module = built[name]
        if described.memory is not None:
            module.outputbuffer[0] = described.memory.output
            if described.memory.state is not None:
                module.state[0] = described.memory.state
        if described.network is not None:
            _carry_on(module, described.network)
    built.offset = 1
    if network.recurrent:
        built.maxoffset = 1
