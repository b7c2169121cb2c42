"""Read the tables of a rubric: check keys and types of values, with errors that name the line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evaluation.errors import RubricError
from evaluation.rubric_format.key_lines import Where, find_key_lines
from evaluation.rubric_format.similar_names import did_you_mean
from evaluation.sanitize import printable

_NAMES = {
    str: "a string",
    int: "a number",
    float: "a number",
    list: "a list",
    bool: "true or false",
    dict: "a table",
}

LARGEST_NUMBER = 1_000_000_000
_LONGEST_LABEL = 200


def shown(value: object) -> str:
    """Return a value for a message; very large integers are shortened."""
    return "it" if isinstance(value, int) and abs(value) > LARGEST_NUMBER else repr(value)[:100]


class Tables:
    """Reads and checks the values of a rubric.

    Args:
        name: the name of the rubric in error messages.
        text: the content of the rubric.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._lines = find_key_lines(text)

    def wrong(self, where: Where, key: str, text: str, hint: str = "") -> RubricError:
        """Return an error about a key, with the line number.

        Args:
            where: the location of the table.
            key: the key.
            text: what is wrong.
            hint: how to fix it; empty for none.
        """
        number = self._lines.get((*where, key)) or self._lines.get(where)
        line = f" line {number}" if number else ""
        return RubricError(f"{self.name}{line}, key `{key}`: {text}", hint=hint)

    def table(self, where: Where, key: str, value: object, keys: Iterable[str]) -> Mapping[str, Any]:
        """Return a table after checking that all its keys are known.

        Args:
            where: the location of the table.
            key: the name of the table in error messages.
            value: the value to check.
            keys: the known keys.

        Raises:
            RubricError: the value is not a table, or has an unknown key.
        """
        if not isinstance(value, dict):
            raise self.wrong(where, key, f"is not a [[{key}]]")
        known = list(keys)
        for name in value:
            if name not in known:
                raise self.wrong(where, name, f"unknown key{did_you_mean(name, known)}")
        return value

    def value(self, where: Where, table: Mapping[str, Any], key: str, kind: Any) -> Any:
        """Return the value of a required key.

        Args:
            where: the location of the table.
            table: the table.
            key: the key.
            kind: the expected type, or a tuple of types.

        Raises:
            RubricError: the key is missing, or its value has another type.
        """
        if key not in table:
            raise self.wrong(where, key, "is missing")
        value, kinds = table[key], kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            expected = " or ".join(dict.fromkeys(_NAMES[type_] for type_ in kinds))
            raise self.wrong(where, key, f"{shown(value)} is not {expected}")
        if isinstance(value, (int, float)) and not abs(value) <= LARGEST_NUMBER:
            raise self.wrong(where, key, f"{shown(value)} is not a number up to {LARGEST_NUMBER:,}")
        return value

    def label(self, where: Where, table: Mapping[str, Any], key: str) -> str:
        """Return a string that names something in reports and files: one line without control characters.

        Args:
            where: the location of the table.
            table: the table.
            key: the key.

        Raises:
            RubricError: the key is missing, or its value is not such a string.
        """
        value: str = self.value(where, table, key, str)
        if not value.strip() or printable(" ".join(value.split()), _LONGEST_LABEL) != value:
            raise self.wrong(
                where,
                key,
                f"{value[:100]!r} is not a line of 1 to {_LONGEST_LABEL} characters without control characters",
            )
        return value

    def text(self, where: Where, table: Mapping[str, Any], key: str, default: str) -> str:
        """Return a string, or a default if the key is missing.

        Args:
            where: the location of the table.
            table: the table.
            key: the key.
            default: the value for a missing key.

        Raises:
            RubricError: the value is empty, or not a string.
        """
        if key not in table:
            return default
        value: str = self.value(where, table, key, str)
        if not value.strip():
            raise self.wrong(where, key, "is empty")
        return value

    def texts(
        self, where: Where, table: Mapping[str, Any], key: str, default: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return a tuple of strings, or a default if the key is missing; a single string is a tuple of one.

        Args:
            where: the location of the table.
            table: the table.
            key: the key.
            default: the value for a missing key.

        Raises:
            RubricError: the value is empty, or contains something other than strings.
        """
        if key not in table:
            return default
        value = self.value(where, table, key, (str, list))
        values = (value,) if isinstance(value, str) else tuple(value)
        if not values:
            raise self.wrong(where, key, "is empty")
        for text in values:
            if not isinstance(text, str) or not text.strip():
                raise self.wrong(where, key, f"{text!r} is not a string")
        return values
