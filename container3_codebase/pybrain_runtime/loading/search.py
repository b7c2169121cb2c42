"""Finds the network in the value of a pickle, and describes other values."""

from __future__ import annotations

from collections.abc import Iterator

from pybrain_runtime._io.printable import escaped, short_repr
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.limits import DEFAULT_LIMITS
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.values import ArrayValue, Instance
from pybrain_runtime.network.allow_list import Global

_RUNNABLE = ("network", "wrapper", "module")
_DEPTH = 4
_ITEMS = 10_000
_STEPS = 10  # charged for the key of an item
_ADVICE = "Save the network itself: pickle.dump(net, file)."


def find_network(
    value: object, file: str, budget: Budget | None = None
) -> tuple[Instance, dict[str, object]]:
    """Return the only network in a value, and the other values beside it.

    Args:
        value: the value of a pickle: a network or layer, or a dict, tuple or list that contains one.
        file: the name of the file, for messages.
        budget: what is left of the limits; None for all of it.

    Returns:
        The network, and its companions by their keys (``x_min``, ``1``, ``scaling.mean``): numbers, text and
        numeric arrays.

    Raises:
        KnowledgeError: there is no network, or more than one; the message describes the value.
    """
    if isinstance(value, Instance) and value.cls.family in _RUNNABLE:
        return value, {}
    if not isinstance(value, dict | list | tuple | set | frozenset):
        raise KnowledgeError(f"{file} holds {describe_value(value)}, not a network.", hint=_ADVICE)
    items = list(_walk(value, "", 0, set(), budget or Budget(file, DEFAULT_LIMITS)))
    networks = {item: place for place, item in items if isinstance(item, Instance)}
    found: dict[Instance, str] = {}
    for family in _RUNNABLE:
        found = found or {n: place for n, place in networks.items() if n.cls.family == family}
    if not found:
        others = sorted({describe_value(n) for n in networks})[:5]
        inside = f" with {', '.join(others)} in it" if others else ""
        raise KnowledgeError(f"{file} holds {describe_value(value)}{inside}, not a network.", hint=_ADVICE)
    if len(found) > 1:
        places = ", ".join(sorted(found.values())[:8])
        raise KnowledgeError(
            f"{file} holds {describe_value(value)} with {len(found)} networks in it (at {places}); "
            "the network to use is ambiguous.",
            hint="Save the network in a file of its own.",
        )
    companions = {place: _plain(item) for place, item in items if not isinstance(item, Instance)}
    return next(iter(found)), companions


def describe_value(value: object) -> str:
    """Return a description of a value of a pickle: ``a list of 3 items``, ``a FeedForwardNetwork``."""
    if isinstance(value, Instance):
        return _describe_instance(value)
    if isinstance(value, ArrayValue):
        shape = value.array.shape if value.array is not None else ()
        return f"an array of shape {shape}"
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return "a number"
    for kind, word in ((dict, "dict"), (list, "list"), (tuple, "tuple"), (set, "set"), (frozenset, "set")):
        if isinstance(value, kind):
            return f"a {word} of {len(value)} items"
    return "text" if isinstance(value, str) else f"a {type(value).__name__}"


def _describe_instance(value: Instance) -> str:
    if value.cls.family == "data set":
        return f"{_with_article(value.kind)}{_rows(value)}, which is a data set"
    if value.cls.family == "trainer":
        inner = value.state.get("module")
        its = f" (of the {inner.kind} in its attribute 'module')" if isinstance(inner, Instance) else ""
        return f"{_with_article(value.kind)}, which is a trainer{its}"
    return _with_article(value.kind)


def _with_article(kind: str) -> str:
    return f"{'an' if kind[:1] in 'AEIOU' else 'a'} {kind}"


def _rows(value: Instance) -> str:
    marks = value.state.get("endmarker")
    count = next(iter(marks.values()), None) if isinstance(marks, dict) else None
    return f" of {short_repr(count)} rows" if type(count) is int else ""


def _walk(
    value: object, place: str, depth: int, seen: set[int], budget: Budget
) -> Iterator[tuple[str, object]]:
    """Yield the items of nested containers that are not containers, with their keys; each container once."""
    if not isinstance(value, dict | list | tuple | set | frozenset):
        yield place, value
        return
    if depth >= _DEPTH or len(value) > _ITEMS or id(value) in seen:
        return
    seen.add(id(value))
    budget.charge_steps(_STEPS * len(value))
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in pairs:
        inside = f"{place}.{_key_text(key)}" if place else _key_text(key)
        yield from _walk(item, inside, depth + 1, seen, budget)


def _key_text(key: object) -> str:
    return escaped(key, 40) if isinstance(key, str) else _key_name(key)


def _key_name(key: object) -> str:
    """Return a key as text: a tuple by its items, so that different tuples have different names."""
    if isinstance(key, tuple):
        return f"({', '.join(short_repr(part, 10) for part in key[:4])})"
    return repr(key) if isinstance(key, Instance | Global) else short_repr(key, 40)


def _plain(value: object) -> object:
    return value.array if isinstance(value, ArrayValue) else value
