"""Make names and output of a submission safe to show: without characters that a terminal or page interprets."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from pybrain_runtime.io.printable import printable as written_out

T = TypeVar("T")
# Longer than any message; only the first or last lines of an output are shown.
LONGEST = 20_000
_CREDENTIALS = re.compile(r"((?:https?|git)://)[^\s/]+@|(ssh://[^\s/:@]*):[^\s/]*@", re.IGNORECASE)
# Invisible characters that join letters and parts of an emoji: two names that differ in them look alike.
_JOINERS = {0x200C: "\\u200c", 0x200D: "\\u200d"}


def printable(text: str, longest: int = LONGEST) -> str:
    r"""Return a string with hidden characters written as escapes: ``\x1b``, ``\u202e``.

    Args:
        text: a string that contains text from a submission.
        longest: the maximum number of characters that are kept.
    """
    if len(text) > longest:
        text = text[: longest - 20] + " ... (cut)"
    return written_out(text.replace("\r\n", "\n")).translate(_JOINERS)


def without_credentials(text: str) -> str:
    """Return a string whose URLs contain no password or token, because reports are handed out.

    Args:
        text: a URL as the user typed it, or a message that contains one.
    """
    return _CREDENTIALS.sub(lambda match: match[1] or f"{match[2]}@", text)


def presentable(value: T) -> T:
    """Return a part of a report with every string in it made printable."""
    if isinstance(value, str):
        return cast(T, printable(value))
    if isinstance(value, tuple):
        return cast(T, tuple(presentable(inner) for inner in value))
    if is_dataclass(value) and not isinstance(value, type):
        changed = {field.name: presentable(getattr(value, field.name)) for field in fields(value)}
        return cast(T, replace(value, **changed))
    return value
