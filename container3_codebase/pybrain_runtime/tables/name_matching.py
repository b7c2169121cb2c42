"""Compares the names of columns, and finds similar ones for messages."""

from __future__ import annotations

from collections.abc import Sequence

from pybrain_runtime.io.printable import quoted

_MOST_COMPARED = 20


def similar_name(wanted: Sequence[str], present: Sequence[str]) -> str:
    """Return a sentence about a present name that is similar to a wanted one; an empty string if there is none.

    Only the first 20 wanted names are compared: there may be thousands on both sides.

    Args:
        wanted: the names that were expected.
        present: the names in the file.
    """
    keys = {_comparison_key(name): name for name in reversed(present)}
    known, foreign = frozenset(present), [name for name in present if not name.isascii()]
    for name in wanted[:_MOST_COMPARED]:
        if name in known:
            continue
        near = keys.get(_comparison_key(name))
        if near is not None:
            return (
                f"{_quoted_ascii(near)} differs from {_quoted_ascii(name)} only in case, spaces, punctuation or the "
                "form of its letters. "
            )
        for other in foreign:
            if _looks_like(other, name):
                return f"{_quoted_ascii(other)} looks like {_quoted_ascii(name)}, but has different letters. "
    return ""


def normalized(name: str) -> str:
    """Return the form in which a name is compared with others in the same file."""
    if name.isascii():
        return name.strip()
    from unicodedata import normalize  # few names need its tables

    return normalize("NFC", name.strip())


def _comparison_key(name: str) -> str:
    """Return a name in lower case, without spaces and punctuation."""
    from unicodedata import normalize  # in messages only

    plain = normalize("NFKC", name).casefold()
    return "".join(filter(str.isalnum, plain)) or plain


def _looks_like(name: str, wanted: str) -> bool:
    """Return whether a name differs from another only by letters of another script."""
    pairs = zip(name, wanted, strict=False)
    return len(name) == len(wanted) and name != wanted and all(a == b or not a.isascii() for a, b in pairs)


def _quoted_ascii(name: str) -> str:
    return quoted(name) if name.isascii() and name.isprintable() else ascii(name)
