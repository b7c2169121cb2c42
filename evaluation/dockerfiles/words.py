"""Split the text of an instruction into words, as Docker does."""

from __future__ import annotations

import json
import re

HEREDOC = re.compile(r"\d*<<(-?)([^<\s]+)")
# What separates the words of an instruction for Docker.
BLANK = re.compile(r"[\t\v\f\r ]+")


def split_words(text: str, escape: str) -> list[str]:
    """Split the text of an instruction at blanks outside of quotes; quotes and escapes are kept.

    Args:
        text: the arguments of the instruction.
        escape: the escape character of the file.
    """
    words: list[str] = []
    word, quote, place = "", "", 0
    while place < len(text):
        char = text[place]
        if char == escape and quote != "'" and place + 1 < len(text):
            word += text[place : place + 2]
            place += 2
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
        place += 1
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
