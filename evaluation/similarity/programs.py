"""The form of a Python program that does not depend on names, comments, texts and layout."""

from __future__ import annotations

import hashlib
import io
import keyword
import token
import tokenize
from collections.abc import Iterator

from evaluation.similarity.fingerprint import Fingerprint, sketch_of

# Runs of so many tokens are compared: shorter ones are alike in all programs.
_RUN = 6
# A program of fewer tokens is like many others.
_FEWEST = 40
_LEFT_OUT = {token.COMMENT, token.NL, token.ENCODING, token.ENDMARKER}


def program_fingerprint(file: str, text: str) -> Fingerprint | None:
    """Return the fingerprint of a program; None if it is too short or cannot be read as Python.

    Args:
        file: its path in the submission.
        text: the program.
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
    """Yield the kind and the text of each token; a text that is a statement, such as a docstring, is left out."""
    found = [one for one in tokenize.generate_tokens(io.StringIO(text).readline) if one.type not in _LEFT_OUT]
    previous, dropped = "", False
    for number, one in enumerate(found):
        following = found[number + 1].type if number + 1 < len(found) else token.NEWLINE
        starts = number == 0 or found[number - 1].type in (token.NEWLINE, token.INDENT, token.DEDENT)
        if one.type == token.ERRORTOKEN:
            raise ValueError("no Python")
        if dropped:  # the end of the line of a docstring
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
