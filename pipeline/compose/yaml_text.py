"""Write YAML that parsers of YAML 1.1 and 1.2 read in the same way, with comments and ordered mappings.

A value is None, a bool, an int, a `str`, a list, a dict, or one of the classes below. User input is always a `str`: it
is quoted if it could be read as another type, and every ``$`` is doubled for readers that interpolate variables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_PLAIN = re.compile(r"(?:[A-Za-z]|\.{0,2}/)[A-Za-z0-9_./-]*(?:[:@][A-Za-z0-9_./-]+)*")
# Words that YAML 1.1 does not read as strings.
_WORDS = frozenset(["y", "n", "yes", "no", "true", "false", "on", "off", "null", "inf", "nan"])
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
# Characters that a parser may normalize, refuse or read as a line break (C0, DEL, C1, line separators, BOM, surrogates
# and others), and characters that are invisible or change the displayed order.
_SPECIAL = re.compile(
    '["\\\\\x00-\x1f\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff'
    "\U00010000-\U0010ffff]"
)


@dataclass(frozen=True)
class Raw:
    """Trusted text that is written unchanged, such as ``250ms`` or ``${DATA_PATH:-}``; never user input.

    Attributes:
        text: one line of YAML.
    """

    text: str


@dataclass(frozen=True)
class Block:
    """Trusted text of several lines, such as a shell script, in which ``$`` is literal.

    Attributes:
        text: the lines; the last one ends with a line break.
    """

    text: str


@dataclass(frozen=True)
class Flow:
    """A list of strings, written in one line.

    Attributes:
        items: the strings.
    """

    items: tuple[str, ...]


@dataclass(frozen=True)
class Commented:
    """A value with a comment above its key or list item.

    Attributes:
        value: the value.
        comment: the lines of the comment, without ``#``; an empty line is written as ``#``.
        blank: whether to write an empty line above the comment.
        anchor: the name by which ``*name`` refers to the value; empty for no anchor.
    """

    value: Value
    comment: tuple[str, ...] = ()
    blank: bool = False
    anchor: str = ""


Value = None | bool | int | str | Raw | Block | Flow | Commented | Sequence["Value"] | Mapping[str, "Value"]


def yaml_text(
    document: Mapping[str, Value], *, header: Sequence[str] = (), escape_dollars: bool = True
) -> str:
    """Return a document as YAML.

    Args:
        document: the top-level mapping.
        header: the lines of the comment at the beginning.
        escape_dollars: whether to write ``$`` as ``$$``, for readers that interpolate variables.
    """
    writer = _Writer(escape_dollars=escape_dollars)
    lines = [*_comment(header, ""), *([""] if header else []), *writer.mapping(document, "")]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Return a string in double quotes, with special characters escaped."""
    if text.isprintable() and len(text.encode("utf-16-le", "surrogatepass")) == 2 * len(text):
        # The same result in a fraction of the time.
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return f'"{_SPECIAL.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _NAMED:
        return _NAMED[character]
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _comment(lines: Sequence[str], indent: str) -> list[str]:
    return [f"{indent}# {line}" if line else f"{indent}#" for line in lines]


class _Writer:
    def __init__(self, *, escape_dollars: bool) -> None:
        self._escape_dollars = escape_dollars

    def mapping(self, pairs: Mapping[str, Value], indent: str) -> Iterator[str]:
        for key, entry in pairs.items():
            value, anchor = entry, ""
            if isinstance(entry, Commented):
                yield from [""] if entry.blank else []
                yield from _comment(entry.comment, indent)
                value, anchor = entry.value, f" &{entry.anchor}" if entry.anchor else ""
            # A merge key is trusted: keys of a request are never `Raw`.
            name = "<<" if key == "<<" and isinstance(value, Raw) else self._text(key)
            yield from self._entry(f"{indent}{name}:{anchor}", value, indent)

    def _entry(self, head: str, value: Value, indent: str) -> Iterator[str]:
        if isinstance(value, Mapping) and value:
            yield head
            yield from self.mapping(value, indent + "  ")
        elif isinstance(value, Sequence) and not isinstance(value, str) and value:
            yield head
            yield from self._items(value, indent + "  ")
        elif isinstance(value, Block):
            yield f"{head} |"
            yield from self._block(value, indent + "  ")
        else:
            text = self._scalar(value)
            yield f"{head} {text}" if text else head

    def _items(self, items: Sequence[Value], indent: str) -> Iterator[str]:
        for entry in items:
            value = entry
            if isinstance(entry, Commented):
                yield from _comment(entry.comment, indent)
                value = entry.value
            if isinstance(value, Mapping) and value:
                first, *rest = self.mapping(value, indent + "  ")
                yield f"{indent}- {first.lstrip()}"
                yield from rest
            elif isinstance(value, Block):
                yield f"{indent}- |"
                yield from self._block(value, indent + "  ")
            else:
                yield f"{indent}- {self._scalar(value)}"

    def _block(self, block: Block, indent: str) -> Iterator[str]:
        text = block.text.replace("$", "$$") if self._escape_dollars else block.text
        for line in text.splitlines():
            yield f"{indent}{line}" if line else ""

    def _scalar(self, value: Value) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(value)
        if isinstance(value, Raw):
            return value.text
        if isinstance(value, str):
            return self._text(value.replace("$", "$$") if self._escape_dollars else value)
        if isinstance(value, Flow):
            escaped = [item.replace("$", "$$") if self._escape_dollars else item for item in value.items]
            return f"[{', '.join(quoted(item) for item in escaped)}]"
        return "{}" if isinstance(value, Mapping) else "[]"

    def _text(self, text: str) -> str:
        is_plain = len(text) < 200 and _PLAIN.fullmatch(text) and text.lower() not in _WORDS
        return text if is_plain else quoted(text)
