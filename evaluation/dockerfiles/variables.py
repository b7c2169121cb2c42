"""Variables in a Dockerfile, put in as Docker does it: ``$x``, ``${x:-w}``, ``${x:+w}``, quotes and escapes."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
# A word of a Dockerfile is no program: nested deeper than this it is a trap for its reader.
_DEEPEST = 20
# The most characters that variables become: `ENV A=$A$A` a few times over would fill the memory of whoever reads it.
LONGEST = 64 * 1024
_LONGEST_TEXT = 1024 * 1024


class CannotExpand(ValueError):
    """A word whose variables cannot be put in; the text says why."""


class TooLong(CannotExpand):
    """A word that becomes longer than any variable may be."""


def expanded(word: str, values: Mapping[str, str], escape: str = "\\") -> str:
    """A word with its variables put in and its quotes taken off.

    Args:
        word: as it stands in the file.
        values: what the variables hold; one that is missing is not set.
        escape: the escape character of the file.

    Raises:
        CannotExpand: it is no word that Docker would take.
    """
    return _Expansion(word, values, escape, LONGEST).until("")


def expanded_text(text: str, values: Mapping[str, str], escape: str = "\\") -> str:
    """A text of several lines with its variables put in; quotes are characters like any other."""
    return _Expansion(text, values, escape, _LONGEST_TEXT, quotes=False).until("")


class _Expansion:
    def __init__(
        self, word: str, values: Mapping[str, str], escape: str, most: int, *, quotes: bool = True
    ) -> None:
        self.word = word
        self.values = values
        self.escape = escape
        self.quotes = quotes
        self.most = most
        self.depth = 0
        self.place = 0

    def until(self, end: str) -> str:
        """Reads up to a character outside of quotes, or to the end of the word."""
        found: list[str] = []
        while self.place < len(self.word):
            char = self.word[self.place]
            if end and char == end:
                self.place += 1
                return "".join(found)
            if self.quotes and char == "'":
                found.append(self._single_quoted())
            elif self.quotes and char == '"':
                found.append(self._double_quoted())
            elif char == "$":
                found.append(self._variable())
            elif char == self.escape and self._escapes():
                found.append(self.word[self.place + 1 : self.place + 2])
                self.place += 2
            else:
                found.append(char)
                self.place += 1
        if end:
            raise CannotExpand(f"{self.word[:80]} has no closing {end}")
        return "".join(found)

    def _escapes(self) -> bool:
        """Whether the escape character is one here: in a text only before what it must be written for."""
        return self.quotes or self.word[self.place + 1 : self.place + 2] in ("$", self.escape)

    def _single_quoted(self) -> str:
        end = self.word.find("'", self.place + 1)
        if end < 0:
            raise CannotExpand(f"{self.word[:80]} has no closing '")
        found = self.word[self.place + 1 : end]
        self.place = end + 1
        return found

    def _double_quoted(self) -> str:
        self.place += 1
        found: list[str] = []
        while self.place < len(self.word):
            char, following = self.word[self.place], self.word[self.place + 1 : self.place + 2]
            if char == '"':
                self.place += 1
                return "".join(found)
            if char == "$":
                found.append(self._variable())
            elif char == self.escape and following and following in ('"', "$", self.escape):
                found.append(following)
                self.place += 2
            else:
                found.append(char)
                self.place += 1
        raise CannotExpand(f'{self.word[:80]} has no closing "')

    def _variable(self) -> str:
        value = self._value()
        self.most -= len(value)
        if self.most < 0:
            raise TooLong(f"{self.word[:80]} becomes longer than any variable may be")
        return value

    def _value(self) -> str:
        self.place += 1
        braces = self.word[self.place : self.place + 1] == "{"
        self.place += braces
        found = _NAME.match(self.word, self.place)
        if not found:
            if braces:
                raise CannotExpand(f"{self.word[:80]} holds a variable without a name")
            return "$"
        self.place = found.end()
        return self._modified(found.group()) if braces else self.values.get(found.group(), "")

    def _modified(self, name: str) -> str:
        operator = re.compile(r"\}|:?[-+?]").match(self.word, self.place)
        if not operator:
            raise CannotExpand(f"{self.word[:80]} changes a variable in a way that is not carried out here")
        self.place = operator.end()
        value = self.values.get(name)
        if operator.group() == "}":
            return value or ""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise CannotExpand(f"{self.word[:80]} nests its variables too deep")
        word = self.until("}")
        self.depth -= 1
        there = bool(value) if operator.group().startswith(":") else value is not None
        if operator.group().endswith("+"):
            return word if there else ""
        if operator.group().endswith("?") and not there:
            raise CannotExpand(f"{name} is not set: {word}")
        return (value or "") if there else word
