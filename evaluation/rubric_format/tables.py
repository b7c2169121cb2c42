"""Read the tables of a rubric: their keys, the types of their values, and errors that name the line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evaluation.errors import RubricError
from evaluation.rubric_format.key_lines import Where, find_key_lines
from evaluation.rubric_format.similar_names import did_you_mean
from evaluation.sanitize import printable

_NAMES = {
    str: "a text",
    int: "a number",
    float: "a number",
    list: "a list",
    bool: "true or false",
    dict: "a table",
}

LARGEST_NUMBER = 1_000_000_000
_LONGEST_LABEL = 200


def shown(value: object) -> str:
    """Return a value for a message; integers may have too many digits for one."""
    return "it" if isinstance(value, int) and abs(value) > LARGEST_NUMBER else repr(value)[:100]


class Tables:
    """Reads the values of a rubric.

    Args:
        name: how errors name the rubric.
        text: its text.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._lines = find_key_lines(text)

    def wrong(self, where: Where, key: str, text: str, hint: str = "") -> RubricError:
        """Return the error about a key; it names the line.

        Args:
            where: the table.
            key: the key.
            text: what is wrong.
            hint: what to do about it.
        """
        number = self._lines.get((*where, key)) or self._lines.get(where)
        line = f" line {number}" if number else ""
        return RubricError(f"{self.name}{line}, key `{key}`: {text}", hint=hint)

    def table(self, where: Where, key: str, value: object, keys: Iterable[str]) -> Mapping[str, Any]:
        """Return a table, whose keys must be known.

        Args:
            where: the table.
            key: its name in an error.
            value: what the rubric has there.
            keys: the known keys.

        Raises:
            RubricError: it is not a table, or has an unknown key.
        """
        if not isinstance(value, dict):
            raise self.wrong(where, key, f"is not a [[{key}]]")
        known = list(keys)
        for name in value:
            if name not in known:
                raise self.wrong(where, name, f"unknown key{did_you_mean(name, known)}")
        return value

    def value(self, where: Where, table: Mapping[str, Any], key: str, kind: Any) -> Any:
        """Return a value that must be there.

        Args:
            where: the table.
            table: its content.
            key: the key.
            kind: its type, or a tuple of types.

        Raises:
            RubricError: it is missing, or of another type.
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
        """Return a text that names something in reports and files: one line without control characters.

        Raises:
            RubricError: it is missing, or no such text.
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
        """Return a text, or its default.

        Raises:
            RubricError: it is empty, or not a text.
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
        """Return a list of texts, or its default; a single text is a list of one.

        Raises:
            RubricError: it is empty, or has other values.
        """
        if key not in table:
            return default
        value = self.value(where, table, key, (str, list))
        values = (value,) if isinstance(value, str) else tuple(value)
        if not values:
            raise self.wrong(where, key, "is empty")
        for text in values:
            if not isinstance(text, str) or not text.strip():
                raise self.wrong(where, key, f"{text!r} is not a text")
        return values
