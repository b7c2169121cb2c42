"""Escapes untrusted text for messages: control characters, invisible characters and direction marks."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Control characters except line endings and tabs, direction marks, characters without width, line separators, and the
# surrogates that undecodable bytes of file names are decoded to.
_HIDDEN = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LONGEST = 40
_MOST_NAMES = 20


def printable(text: str) -> str:
    r"""Return a string with hidden characters escaped (``\x1b``, ``\u202e``), except line endings and tabs."""
    if text.isprintable():
        return text
    # Compiled, and kept by `re`, when a text needs it: compiling takes as long as importing four modules.
    return re.sub(_HIDDEN, lambda found: ascii(found.group())[1:-1], text)


def in_one_line(text: str) -> str:
    """Return a string with hidden characters, line endings and tabs escaped."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def quoted(text: str) -> str:
    """Return a string in quotes, escaped, and truncated to 40 characters."""
    cut = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
    return repr(cut) if cut.isprintable() else ascii(cut)


def shortened(text: str) -> str:
    """Return a string as ``quoted`` does, without the quotes."""
    return quoted(text)[1:-1]


def enumeration(names: Sequence[str]) -> str:
    """Return the first 20 names separated by commas, and how many more there are."""
    more = f", and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(map(shortened, names[:_MOST_NAMES])) + more


def plural(count: int, word: str) -> str:
    """Return a count with its noun: ``1 column``, ``3 columns``.

    Args:
        count: the number.
        word: the singular.
    """
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def short_repr(value: object, length: int = 60) -> str:
    """Return a short representation of any value from a file. The items of containers are not visited.

    ``repr`` of a few nested tuples can exceed the memory, because shared items are repeated.

    Args:
        value: the value.
        length: maximum number of characters of a string.
    """
    if isinstance(value, str):
        return f"'{escaped(value, length)}'"
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 64 else f"a number of {value.bit_length():,} bits"
    if isinstance(value, bytes | tuple | list | dict | set | frozenset):
        return f"a {type(value).__name__} of {len(value):,} items"
    return f"a {type(value).__name__}"


def escaped(text: str, length: int = 160) -> str:
    """Return text in printable ASCII: other characters are escaped, and long text is truncated.

    Args:
        text: the text.
        length: maximum number of characters.
    """
    plain = ascii(text[: length + 1])[1:-1]
    return plain if len(plain) <= length else plain[:length] + "..."
