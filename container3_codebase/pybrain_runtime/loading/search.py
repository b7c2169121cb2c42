"""Finds the network in the value of a pickle, and describes other values."""

from __future__ import annotations

from collections.abc import Iterator

from pybrain_runtime.errors import KnowledgeError, UnclearNetwork
from pybrain_runtime.io.printable import enumeration, escaped, quoted, short_repr
from pybrain_runtime.limits import DEFAULT_LIMITS
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.values import ArrayValue, Instance
from pybrain_runtime.network.allow_list import Global

_RUNNABLE = ("network", "wrapper", "module")
_DEPTH = 4
_ITEMS = 10_000
_LISTED = 8
_STEPS = 10  # bytes charged for the key of an item
_ADVICE = "Save the network itself: pickle.dump(net, file)."


def find_network(
    value: object, file: str, budget: Budget | None = None, pick: str | None = None
) -> tuple[Instance, dict[str, object]]:
    """Return the only network in a value, or the selected one, and the other values beside it.

    Args:
        value: the value of a pickle: a network or layer, or a dict, tuple or list that contains one.
        file: the name of the file, for messages.
        budget: what is left of the limits; None if nothing has been used yet.
        pick: which network to return, by its path in the value (``net``, ``ensemble.0``, ``module`` of a trainer);
            None for the only one.

    Returns:
        The network, and its companions by their keys (``x_min``, ``1``, ``scaling.mean``): numbers, text and
        numeric arrays.

    Raises:
        UnclearNetwork: there are several networks and none is selected, the only one is in a trainer, or the selected
            one does not exist.
        KnowledgeError: there is no network; the message describes the value.
    """
    if isinstance(value, Instance) and value.cls.family in _RUNNABLE:
        check_nothing_picked(pick, file)
        return value, {}
    items = list(_walk(value, "", 0, set(), budget or Budget(file, DEFAULT_LIMITS)))
    places = _networks_by_place(items)
    chosen = _only_network(value, items, places, file) if pick is None else _picked(value, places, pick, file)
    return chosen, {place: _plain(item) for place, item in items if not isinstance(item, Instance)}


def check_nothing_picked(pick: str | None, file: str) -> None:
    """Check that ``pick`` is not used with a file that holds nothing but one network.

    Args:
        pick: the path of the selected network; None if none is selected.
        file: the name of the file, for messages.

    Raises:
        UnclearNetwork: a network is selected.
    """
    if pick is not None:
        raise UnclearNetwork(f"{file} holds one network and nothing else; there is no {quoted(pick)} in it.")


def _only_network(
    value: object, items: list[tuple[str, object]], places: dict[str, list[Instance]], file: str
) -> Instance:
    """Return the only network in a value: of whole networks if there are any, otherwise of single layers."""
    networks = {item: place for place, item in items if isinstance(item, Instance)}
    found: dict[Instance, str] = {}
    for family in _RUNNABLE:
        found = found or {n: place for n, place in networks.items() if n.cls.family == family}
    if not found:
        others = sorted({describe_value(n) for n in networks})[:5]
        is_one = isinstance(value, Instance) or not others
        inside = "" if is_one else f" with {', '.join(others)} in it"
        text = f"{file} holds {describe_value(value)}{inside}, not a network."
        if places:
            raise UnclearNetwork(text, hint=_ADVICE, places=tuple(places))
        raise KnowledgeError(text, hint=_ADVICE)
    if len(found) > 1:
        listed = ", ".join(sorted(found.values())[:_LISTED])
        raise UnclearNetwork(
            f"{file} holds {describe_value(value)} with {len(found)} networks in it (at {listed}); "
            "the network to use is ambiguous.",
            hint="Save the network in a file of its own.",
            places=tuple(sorted(found.values())),
        )
    return next(iter(found))


def _picked(value: object, places: dict[str, list[Instance]], pick: str, file: str) -> Instance:
    """Return the network at a path in the value."""
    found = places.get(pick, [])
    if len(found) == 1:
        return found[0]
    listed = f"has them at {enumeration(tuple(places))}" if places else "has no network"
    what = "several networks" if found else "no network"
    raise UnclearNetwork(
        f"{file} has {what} at {quoted(pick)}: it holds {describe_value(value)}, and {listed}.",
        places=tuple(place for place, there in places.items() if len(there) == 1),
    )


def _networks_by_place(items: list[tuple[str, object]]) -> dict[str, list[Instance]]:
    """Return the networks by their path in the value, including those inside trainers.

    Different keys may have the same text, such as 1 and "1"; then a path has several networks.
    """
    places: dict[str, list[Instance]] = {}
    for place, item in items:
        if not isinstance(item, Instance):
            continue
        if item.cls.family == "trainer":
            inner = item.state.get("module")
            if isinstance(inner, Instance) and inner.cls.family in _RUNNABLE:
                places.setdefault(f"{place}.module".lstrip("."), []).append(inner)
        elif item.cls.family in _RUNNABLE:
            places.setdefault(place, []).append(item)
    return places


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
    """Yield the items of nested containers that are not containers themselves, with their keys; each container once.

    A scaler of scikit-learn counts as a dict of its attributes.
    """
    if isinstance(value, Instance) and value.cls.family == "scaler":
        value = value.state
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
