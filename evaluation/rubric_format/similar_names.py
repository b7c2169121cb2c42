"""Suggest a known name that is similar to an unknown one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: a similar known name, else all known names.

    Args:
        name: the unknown name.
        known: the known names.
    """
    names = list(known)
    matches = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"; did you mean {matches[0]!r}?" if matches else f"; expected one of: {', '.join(names)}"
