"""Writes a network as a pickle that PyBrain itself loads, with any version of NumPy."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np

from pybrain_runtime.convert.agreement import Predict
from pybrain_runtime.limits import DEFAULT_LIMITS
from pybrain_runtime.network.description import NetworkDescription
from pybrain_runtime.network.rebuild import build_network, distinct_names

PROTOCOL, LARGE_PROTOCOL = 2, 4
"""The newest protocol that Python 2, on which PyBrain 0.3 runs, can read; and the one for large networks."""


def pickle_bytes(network: NetworkDescription) -> bytes:
    """Return a network as a pickle of PyBrain's classes and NumPy's arrays, under their original names.

    The protocol is 2, or 4 if the file would otherwise exceed the size limit: written by Python 3, protocol 2
    takes 1.5 times as many bytes for numbers. A recurrent network that was saved in the middle of a sequence keeps
    its recurrent state.

    Raises:
        KnowledgeError: a layer is of a kind that cannot be built; the message names it.
    """
    built = build_network(network)
    if network.steps_done:
        _restore_state(built, network)
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
        return content if len(content) <= DEFAULT_LIMITS.file_size else pickle.dumps(network, LARGE_PROTOCOL)
    finally:
        for net, modules in sets:
            net.modules = modules


class _SortedSet(set[Any]):
    """A set of modules that is pickled as a plain set, sorted by name: the order of a set differs between processes."""

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return set, (sorted(self, key=lambda module: str(module.name)),)


def _networks(network: Any) -> list[Any]:
    """Return a network and all networks that are modules of it, at any depth."""
    found = [network]
    for net in found:  # the list grows during iteration
        found += [module for module in net.modules if hasattr(module, "modules")]
    return found


def pybrain_predict(content: bytes) -> Predict:
    """Return a function that runs the network in a pickle with the library pybrain, row by row.

    Args:
        content: the return value of ``pickle_bytes``. It is unpickled, so it must never be an untrusted pickle.
    """
    network = pickle.loads(content)

    def predict(inputs: np.ndarray) -> np.ndarray:
        if inputs.ndim == 2:
            return np.array([network.activate(row) for row in inputs]).reshape(len(inputs), network.outdim)
        outputs = []
        for sequence in inputs:
            network.reset()
            outputs.append([network.activate(row) for row in sequence])
        return np.array(outputs).reshape(*inputs.shape[:2], network.outdim)

    return predict


def _restore_state(built: Any, network: NetworkDescription) -> None:
    """Set the recurrent state: the first row of every module's buffers, from which the network continues.

    The number of earlier time steps does not matter.
    """
    built._ensureRows(2)
    for name, description in zip(distinct_names(network), network.modules, strict=True):
        module = built[name]
        if description.memory is not None:
            module.outputbuffer[0] = description.memory.output
            if description.memory.state is not None:
                module.state[0] = description.memory.state
        if description.network is not None:
            _restore_state(module, description.network)
    built.offset = 1
    if network.recurrent:
        built.maxoffset = 1
