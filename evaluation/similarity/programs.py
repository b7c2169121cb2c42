"""Normalize a Python program, so that names, comments, strings and formatting do not matter."""

from __future__ import annotations

import hashlib
import io
import keyword
import token
import tokenize
from collections.abc import Iterator

from evaluation.similarity.fingerprint import Fingerprint, sketch_of

# Number of tokens in a compared sequence; shorter sequences occur in all programs.
_RUN = 6
# A program with fewer tokens resembles many others.
_FEWEST = 40
_LEFT_OUT = {token.COMMENT, token.NL, token.ENCODING, token.ENDMARKER}


def program_fingerprint(file: str, text: str) -> Fingerprint | None:
    """Return the fingerprint of a program; None if it is too short or cannot be read as Python.

    Args:
        file: the path of the program in the submission.
        text: the source code of the program.
    """
    try:
        tokens = list(_tokens(text))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return None
    if len(tokens) < _FEWEST:
        return None
    numbers: dict[str, str] = {}
    renamed = [
        numbers.setdefault(string, f"n{len(numbers)}") if kind == "name" else string
        for kind, string in tokens
    ]
    digest = hashlib.sha256("\0".join(renamed).encode("utf-8", "replace")).hexdigest()
    plain = ["n" if kind == "name" else "0" if kind == "number" else string for kind, string in tokens]
    return Fingerprint("program", file, digest, sketch_of(plain, _RUN))


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the string of each token, without docstrings and other string statements."""
    found = [one for one in tokenize.generate_tokens(io.StringIO(text).readline) if one.type not in _LEFT_OUT]
    previous, dropped = "", False
    for number, one in enumerate(found):
        following = found[number + 1].type if number + 1 < len(found) else token.NEWLINE
        starts = number == 0 or found[number - 1].type in (token.NEWLINE, token.INDENT, token.DEDENT)
        if one.type == token.ERRORTOKEN:
            raise ValueError("not valid Python")
        if dropped:  # the line break after a docstring
            dropped = False
        elif one.type == token.STRING:
            dropped = starts and following == token.NEWLINE
            if not dropped:
                yield "text", "s"
        elif one.type == token.NAME and not keyword.iskeyword(one.string) and previous != ".":
            yield "name", one.string
        elif one.type == token.NUMBER:
            yield "number", one.string
        else:
            yield "other", one.string if one.type in (token.NAME, token.OP) else token.tok_name[one.type]
        previous = one.string
