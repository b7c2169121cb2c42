"""The numbers stored beside a network in its file, or as attributes of the network itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pybrain_runtime import Knowledge
from pybrain_runtime.limits import DEFAULT_LIMITS
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.content import decompress
from pybrain_runtime.loading.pickle.reader import PickleReader
from pybrain_runtime.loading.search import find_network
from pybrain_runtime.loading.values import ArrayValue, Instance

_JOINED = re.compile(
    r"^(x|y|in|out|inputs?|outputs?|targets?|features?)(min|max|means?|std|sd|scale|range)$"
    r"|^(min|max|mean|std|scale)(x|y|in|out|inputs?|outputs?|targets?)$",
    re.IGNORECASE,
)
_SCALES = re.compile(
    r"min|max|mean|avg|std|sd$|sigma|mu$|scal|range|bound|norm|low|high|center", re.IGNORECASE
)
_IN_BYTES = re.compile(rb"(?i)min|max|mean|std|sigma|scal|range|bound|norm_|_norm")
_MOST = 200


def companions_of(knowledge: Knowledge, model: Path) -> dict[str, object]:
    """Return the numbers and arrays beside a network by name, with words separated: ``xmin`` becomes ``x_min``.

    Args:
        knowledge: the network.
        model: its file; a pickle is read again to find the attributes of the network.
    """
    found = dict(knowledge.companions)
    if not found and knowledge.format.startswith("pickle"):
        found = _attributes(model)
    numbers = {name: value for name, value in found.items() if _numbers(value) is not None}
    return {_separated(name): value for name, value in list(numbers.items())[:_MOST]}


def _attributes(model: Path) -> dict[str, object]:
    """Return the attributes of a pickled network that are named as a scaling, and dicts of them."""
    budget = Budget(model.name, DEFAULT_LIMITS)
    content = decompress(model.read_bytes(), model.name, DEFAULT_LIMITS, budget)
    if not _IN_BYTES.search(content):
        return {}
    instance, _ = find_network(
        PickleReader(content, model.name, DEFAULT_LIMITS, budget).read(), model.name, budget
    )
    found: dict[str, object] = {}
    for name, value in list(instance.state.items())[:_MOST]:
        if isinstance(value, Instance) and value.cls.family == "scaler":
            value = value.state
        if isinstance(value, dict) and _SCALES.search(name):
            found |= {f"{name}.{key}": _plain(item) for key, item in list(value.items())[:_MOST]}
        elif _SCALES.search(name):
            found |= _items(name, value)
    return found


def _items(name: str, value: object) -> dict[str, object]:
    if isinstance(value, list | tuple) and len(value) <= _MOST:
        return {f"{name}.{index}": _plain(item) for index, item in enumerate(value)}
    return {name: _plain(value)}


def _plain(value: object) -> object:
    return value.array if isinstance(value, ArrayValue) else value


def _separated(name: str) -> str:
    """Return a name with its joined words separated: ``xmin.0`` becomes ``x_min.0``."""
    parts = []
    for part in name.split("."):
        match = _JOINED.match(part)
        parts.append("_".join(word for word in match.groups() if word) if match else part)
    return ".".join(parts)


def _numbers(value: object) -> np.ndarray | None:
    if isinstance(value, bool) or not isinstance(value, int | float | np.ndarray):
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in "fiu" and array.size else None


def numbers_at(companions: Mapping[str, object], name: str, count: int) -> np.ndarray | None:
    """Return the numbers with a name, one for each column; None if there are none of the right count.

    Args:
        companions: the numbers beside a network, by name.
        name: their name; list items are named by index (``x_min.0``).
        count: the number of columns.
    """
    if name in companions:
        values = np.asarray(companions[name], np.float64).reshape(-1)
    else:
        listed = [companions[f"{name}.{index}"] for index in range(count) if f"{name}.{index}" in companions]
        values = np.array([np.asarray(item, np.float64).reshape(-1)[0] for item in listed])
    if values.size == 1:
        values = np.repeat(values, count)
    return values if values.size == count and np.isfinite(values).all() else None
