"""Text of strangers, as it may be shown: nothing in it moves a cursor, hides letters or turns their order around."""

from __future__ import annotations

import re

# Control characters but for line ends and tabs, marks of direction, what has no width, separators of lines, and the
# halves of characters that file names with odd bytes are decoded to.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    """Returns a text with every such character as an escape: ``\\x1b``, ``\\u202e``. Line ends and tabs stay."""
    return _HIDDEN.sub(lambda found: ascii(found.group())[1:-1], text)


def in_one_line(text: str) -> str:
    """Returns a name as it may be shown: line ends and tabs are escapes, too."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")
