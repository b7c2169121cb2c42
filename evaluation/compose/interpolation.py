"""Interpolate variables as Compose does, with the submission's own `.env` and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from common.env_file.syntax import parse_leniently

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")
_DEEPEST = 20


# Variables that a shell sets and compose files use: the folder of the file, and a home folder, never the host's.
SHELL_VARIABLES = {"PWD": ".", "HOME": "~"}


class CannotInterpolate(ValueError):
    """A variable expression that is invalid, or a required variable that is not set."""


def _ignore(name: str) -> None:
    """Do nothing about a variable that is not set."""


def interpolate(
    text: str, values: Mapping[str, str], depth: int = 0, on_unset: Callable[[str], None] = _ignore
) -> str:
    """Return a string with its variables replaced by their values.

    Args:
        text: a string from a compose file.
        values: the variables that are set.
        depth: nesting depth of default values.
        on_unset: called with the name of each variable that is not set and has no default; it becomes empty.

    Raises:
        CannotInterpolate: an expression is invalid, or a required variable is not set.
    """
    if depth > _DEEPEST:
        raise CannotInterpolate("variables are nested too deeply")
    parts = []
    position = 0
    while (dollar := text.find("$", position)) >= 0:
        parts.append(text[position:dollar])
        part, position = _variable(text, dollar + 1, values, depth, on_unset)
        parts.append(part)
    return "".join([*parts, text[position:]])


def _variable(
    text: str, position: int, values: Mapping[str, str], depth: int, on_unset: Callable[[str], None]
) -> tuple[str, int]:
    """Return the value of the variable at `position`, and the position after it."""
    if text[position : position + 1] == "$":
        return "$", position + 1
    if text[position : position + 1] == "{":
        end = _end(text, position + 1)
        return _braced(text[position + 1 : end], values, depth, on_unset), end + 1
    match = _NAME.match(text, position)
    if not match:
        raise CannotInterpolate(
            f"{text[:60]!r} has a single $; a dollar sign is written $$ in a compose file"
        )
    if match.group() not in values:
        on_unset(match.group())
    return values.get(match.group(), ""), match.end()


def _end(text: str, start: int) -> int:
    depth = 1
    for position in range(start, len(text)):
        if text.startswith("${", position):
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if not depth:
                return position
    raise CannotInterpolate(f"{text[:60]!r} has no closing brace")


def _braced(expression: str, values: Mapping[str, str], depth: int, on_unset: Callable[[str], None]) -> str:
    match = _NAME.match(expression)
    if not match:
        raise CannotInterpolate(f"${{{expression[:40]}}} does not name a variable")
    name, rest = match.group(), expression[match.end() :]
    value = values.get(name)
    if not rest:
        if value is None:
            on_unset(name)
        return value or ""
    operator = next((sign for sign in _OPERATORS if rest.startswith(sign)), None)
    if operator is None:
        raise CannotInterpolate(f"${{{expression[:40]}}} is not a valid variable expression")
    word = rest[len(operator) :]
    is_set = bool(value) if operator.startswith(":") else value is not None
    if operator.endswith("+"):
        return interpolate(word, values, depth + 1, on_unset) if is_set else ""
    if is_set:
        return value or ""
    if operator.endswith("?"):
        raise CannotInterpolate(f"{name} must be set: {interpolate(word, values, depth + 1) or 'no value'}")
    return interpolate(word, values, depth + 1, on_unset)


def read_env(text: str) -> dict[str, str]:
    """Parse the variables of a `.env` file or an `env_file`."""
    values = parse_leniently(text)
    return {name: value for name, value in values.items() if _NAME.fullmatch(name)}
