"""Requests of hostile and of careless users: the example request with one value changed.

The files NAME.json of this folder list the paths and the values: those that must be refused, those that must be
accepted, and those that may be either, because their meaning is clear. ``with`` adds members, which must be refused, to
an object; ``{"repeat": [ITEM, N, "text"]}`` stands for a string or list that is too long to be written out.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.compose.example import EXAMPLE

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One request.

    Attributes:
        name: a description of the change.
        place: the path in the request that differs from the example.
        value: the value at this path.
        accepted: whether the request must be accepted; None if it may also be refused.
    """

    name: str
    place: str
    value: Any
    accepted: bool | None

    @property
    def request(self) -> dict[str, Any]:
        return changed(self.place, self.value)

    @property
    def data(self) -> bytes:
        return json.dumps(self.request).encode()


def changed(place: str, value: Any) -> dict[str, Any]:
    """Return the example request with another value at one path."""
    request = copy.deepcopy(EXAMPLE)
    if not place:
        return {**request, **value}
    *above, last = [int(part) if part.isdigit() else part for part in re.findall(r"\w+", place)]
    container: Any = request
    for part in above:
        container = container[part]
    if isinstance(container, list) and last == len(container):
        container.append(value)
    else:
        container[last] = value
    return request


def cases(*files: str) -> Iterator[Case]:
    """Return the requests of the given files, by default of all files."""
    for path in sorted(HERE.glob("*.json")):
        if not files or path.stem in files:
            for group in json.loads(path.read_text(encoding="utf-8")):
                yield from _group(group)


def _group(group: dict[str, Any]) -> Iterator[Case]:
    place = group["set"]
    for key, accepted in (("refuse", False), ("accept", True), ("either", None)):
        for value in group.get(key, []):
            yield Case(f"{place}: {group['what']}", place, _expanded(value), accepted)
    for added in group.get("with", []):
        (name, value) = next(iter(added.items()))
        base = changed("execution", {})["containers"][2] if place else {}
        yield Case(f"{place}: {group['what']}", place, {**base, name: value}, accepted=False)


def _expanded(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"repeat"}:
        item, times, kind = value["repeat"]
        return item * times if kind == "text" else [item] * times
    if isinstance(value, dict):
        return {name: _expanded(entry) for name, entry in value.items()}
    return value
