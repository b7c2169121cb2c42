"""Expand variables in a Dockerfile as Docker does: ``$x``, ``${x:-w}``, ``${x:+w}``, quotes and escapes."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
# Deeper nesting in a Dockerfile is an attack on its parser.
_DEEPEST = 20
# Maximum number of characters after expansion: `ENV A=$A$A` repeated a few times would fill the memory.
LONGEST = 64 * 1024
_LONGEST_TEXT = 1024 * 1024


class CannotExpand(ValueError):
    """A word whose variables cannot be expanded."""


class TooLong(CannotExpand):
    """A word that expands to more characters than are allowed."""


def expand(word: str, values: Mapping[str, str], escape: str = "\\") -> str:
    """Return a word with its variables expanded and its quotes removed.

    Args:
        word: the word as it is written.
        values: the values of the variables that are set.
        escape: the escape character of the file.

    Raises:
        CannotExpand: Docker would reject the word, or it expands to too many characters.
    """
    return _Expansion(word, values, escape, LONGEST).until("")


def expand_text(text: str, values: Mapping[str, str], escape: str = "\\") -> str:
    """Return a multi-line string with its variables expanded; quotes are ordinary characters.

    Args:
        text: the string.
        values: the values of the variables that are set.
        escape: the escape character of the file.
    """
    return _Expansion(text, values, escape, _LONGEST_TEXT, quotes=False).until("")


class _Expansion:
    def __init__(
        self, word: str, values: Mapping[str, str], escape: str, limit: int, *, quotes: bool = True
    ) -> None:
        self.word = word
        self.values = values
        self.escape = escape
        self.quotes = quotes
        self.limit = limit
        self.depth = 0
        self.position = 0

    def until(self, end: str) -> str:
        """Expand up to a character outside of quotes, or to the end of the word; empty `end` for the latter."""
        pieces: list[str] = []
        while self.position < len(self.word):
            char = self.word[self.position]
            if end and char == end:
                self.position += 1
                return "".join(pieces)
            if self.quotes and char == "'":
                pieces.append(self._single_quoted())
            elif self.quotes and char == '"':
                pieces.append(self._double_quoted())
            elif char == "$":
                pieces.append(self._variable())
            elif char == self.escape and self._escapes():
                pieces.append(self.word[self.position + 1 : self.position + 2])
                self.position += 2
            else:
                pieces.append(char)
                self.position += 1
        if end:
            raise CannotExpand(f"{self.word[:80]} has no closing {end}")
        return "".join(pieces)

    def _escapes(self) -> bool:
        """Return whether the escape character escapes the next one: outside words, only a dollar sign or itself."""
        return self.quotes or self.word[self.position + 1 : self.position + 2] in ("$", self.escape)

    def _single_quoted(self) -> str:
        end = self.word.find("'", self.position + 1)
        if end < 0:
            raise CannotExpand(f"{self.word[:80]} has no closing '")
        quoted = self.word[self.position + 1 : end]
        self.position = end + 1
        return quoted

    def _double_quoted(self) -> str:
        self.position += 1
        pieces: list[str] = []
        while self.position < len(self.word):
            char, following = self.word[self.position], self.word[self.position + 1 : self.position + 2]
            if char == '"':
                self.position += 1
                return "".join(pieces)
            if char == "$":
                pieces.append(self._variable())
            elif char == self.escape and following and following in ('"', "$", self.escape):
                pieces.append(following)
                self.position += 2
            else:
                pieces.append(char)
                self.position += 1
        raise CannotExpand(f'{self.word[:80]} has no closing "')

    def _variable(self) -> str:
        value = self._value()
        self.limit -= len(value)
        if self.limit < 0:
            raise TooLong(f"{self.word[:80]} expands to more characters than are allowed")
        return value

    def _value(self) -> str:
        self.position += 1
        braces = self.word[self.position : self.position + 1] == "{"
        self.position += braces
        match = _NAME.match(self.word, self.position)
        if not match:
            if braces:
                raise CannotExpand(f"{self.word[:80]} has a variable without a name")
            return "$"
        self.position = match.end()
        return self._modified(match.group()) if braces else self.values.get(match.group(), "")

    def _modified(self, name: str) -> str:
        operator = re.compile(r"\}|:?[-+?]").match(self.word, self.position)
        if not operator:
            raise CannotExpand(f"{self.word[:80]} uses a form of variable expansion that is not supported")
        self.position = operator.end()
        value = self.values.get(name)
        if operator.group() == "}":
            return value or ""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise CannotExpand(f"{self.word[:80]} nests its variables too deeply")
        word = self.until("}")
        self.depth -= 1
        is_set = bool(value) if operator.group().startswith(":") else value is not None
        if operator.group().endswith("+"):
            return word if is_set else ""
        if operator.group().endswith("?") and not is_set:
            raise CannotExpand(f"{name} is not set: {word}")
        return (value or "") if is_set else word
