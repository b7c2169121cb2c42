"""Parses JSON and rejects repeated keys, for which Python's parser silently uses the last value."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


class RepeatedKey(ValueError):
    """A JSON object has the same key twice.

    Attributes:
        key: the key.
    """

    def __init__(self, key: str) -> None:
        super().__init__(f"repeated key {key!r}")
        self.key = key


def parse_json(
    text: str,
    *,
    parse_constant: Callable[[str], Any] | None = None,
) -> Any:
    """Return the value of a JSON document.

    Args:
        text: the document.
        parse_constant: converts ``NaN``, ``Infinity`` and ``-Infinity``; None converts them to floats.

    Raises:
        RepeatedKey: an object has the same key twice.
        ValueError: the text is not valid JSON.
        RecursionError: the document is nested too deeply.
    """
    return json.loads(text, object_pairs_hook=_object, parse_constant=parse_constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise RepeatedKey(key)
            seen.add(key)
    return result
