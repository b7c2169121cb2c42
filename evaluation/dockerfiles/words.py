"""Split the text of an instruction into words, as Docker does."""

from __future__ import annotations

import json
import re

HEREDOC = re.compile(r"\d*<<(-?)([^<\s]+)")
# Docker splits the words of an instruction at these characters.
BLANK = re.compile(r"[\t\v\f\r ]+")


def split_words(text: str, escape: str) -> list[str]:
    """Split the text of an instruction at blanks outside of quotes; quotes and escapes are kept.

    Args:
        text: the arguments of the instruction.
        escape: the escape character of the file.
    """
    words: list[str] = []
    word, quote, index = "", "", 0
    while index < len(text):
        char = text[index]
        if char == escape and quote != "'" and index + 1 < len(text):
            word += text[index : index + 2]
            index += 2
            continue
        if char.isspace() and not quote:
            words += [word] if word else []
            word = ""
        else:
            if quote:
                quote = "" if char == quote else quote
            elif char in "\"'":
                quote = char
            word += char
        index += 1
    return words + ([word] if word else [])


def json_words(text: str) -> list[str] | None:
    """Return the words of an instruction in JSON form; None if it is not in JSON form."""
    if not text.lstrip().startswith("["):
        return None
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None
