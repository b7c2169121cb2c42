"""Names of columns: how they are compared, and how they are shown in messages."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from pybrain_runtime.tables.formats.csv_cells import visible

_LISTED = 20


def alike(wanted: Sequence[str], there: Sequence[str]) -> str:
    """Returns a sentence about a name that is nearly there; nothing where there is none.

    Only the first names are looked for: there may be thousands on both sides.
    """
    keys = {_key(name): name for name in reversed(there)}
    present, foreign = frozenset(there), [name for name in there if not name.isascii()]
    for name in wanted[:_LISTED]:
        if name in present:
            continue
        near = keys.get(_key(name))
        if near is not None:
            return (
                f"{_seen(near)} differs from {_seen(name)} only in capitals, spaces, marks or the form of "
                "its letters. "
            )
        for other in foreign:
            if _looks_like(other, name):
                return f"{_seen(other)} looks like {_seen(name)}, but has other letters. "
    return ""


def normal_form(name: str) -> str:
    """Returns a name as it is compared with others of the same file."""
    return unicodedata.normalize("NFC", name.strip())


def _key(name: str) -> str:
    """Returns what is left of a name without capitals, spaces and marks."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(filter(str.isalnum, plain)) or plain


def _looks_like(name: str, wanted: str) -> bool:
    """Says whether a name differs from another one only where it has letters of another script."""
    pairs = zip(name, wanted, strict=False)
    return len(name) == len(wanted) and name != wanted and all(a == b or not a.isascii() for a, b in pairs)


def assignment(variable: str, names: Sequence[str]) -> str:
    """Returns an assignment as a shell takes it, or the variable alone where no such text has these names."""
    if any("," in name or not name.isprintable() for name in names):
        return variable
    text = ",".join(names)
    plain = all(character.isalnum() or character in "_,.-" for character in text)
    return f"{variable}={text}" if plain else f"{variable}={shell_quoted(text)}"


def shell_quoted(text: str) -> str:
    """Returns a text in single quotes as a shell reads it, whatever is in it."""
    return "'" + text.replace("'", "'\\''") + "'"


def _seen(name: str) -> str:
    return visible(name) if name.isascii() and name.isprintable() else ascii(name)


def listed(names: Sequence[str]) -> str:
    """Returns names for a message: a few of them, nothing that a terminal would act on."""
    more = f", and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(visible(name)[1:-1] for name in names[:_LISTED]) + more
