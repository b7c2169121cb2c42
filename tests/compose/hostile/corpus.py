"""Requests of hostile and of careless users, made from the document's example by changing one place of it.

The files NAME.json of this folder list the places and the values: those to refuse, to accept, and those where either
will do, because a careful reader may take them for what was meant. ``with`` adds members to an object, which are to be
refused; ``{"repeat": [ITEM, N, "text"]}`` stands for a text or list that is too long to be written out.
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
        name: what is tried.
        place: the path in the request that differs from the document's example.
        value: what stands there.
        accepted: whether the request is to be accepted; None where either will do.
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
    """Return the document's example with another value at one place."""
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
    """Return the requests of some files, or of all."""
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
