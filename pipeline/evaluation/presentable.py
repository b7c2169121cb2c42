"""A submission's names and outputs in a report: as text, with nothing that a terminal or a page obeys."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

T = TypeVar("T")
# Longer than any reason that a person reads; an output is evidence in its last or first lines only.
LONGEST = 20_000
# Controls but for tab and line feed, lone surrogates, marks that turn the direction of a text or cannot be seen.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def printable(text: str, longest: int = LONGEST) -> str:
    """A text with what cannot be seen written out: ``\\x1b``, ``\\u202e``.

    Args:
        text: from a submission, in whole or in part.
        longest: how many characters of it are kept.
    """
    if len(text) > longest:
        text = text[: longest - 20] + " ... (cut)"
    return _UNPRINTABLE.sub(_written_out, text.replace("\r\n", "\n"))


def _written_out(found: re.Match[str]) -> str:
    number = ord(found.group())
    return (
        f"\\x{number:02x}"
        if number < 0x100
        else f"\\u{number:04x}"
        if number < 0x10000
        else f"\\U{number:08x}"
    )


def presentable(value: T) -> T:
    """A part of a report with every text in it printable."""
    if isinstance(value, str):
        return cast(T, printable(value))
    if isinstance(value, tuple):
        return cast(T, tuple(presentable(inner) for inner in value))
    if is_dataclass(value) and not isinstance(value, type):
        changed = {field.name: presentable(getattr(value, field.name)) for field in fields(value)}
        return cast(T, replace(value, **changed))
    return value
