"""Values of a compose file that can be written in several ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def read_pairs(value: Any) -> dict[str, str]:
    """Read variables from a mapping or a list of ``NAME=value``.

    Variables without a value are left out: Compose would take them from the host, whose variables are not passed on.

    Args:
        value: the mapping or list; anything else has no variables.
    """
    if isinstance(value, list):
        pairs = [str(entry).partition("=") for entry in value]
        return {name: text for name, sign, text in pairs if sign}
    if not isinstance(value, Mapping):
        return {}
    return {str(name): _text(inner) for name, inner in value.items() if inner is not None}


def is_true(value: Any) -> bool:
    """Return whether a value stands for true."""
    return value is True or str(value).lower() in ("true", "yes", "on", "1")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
