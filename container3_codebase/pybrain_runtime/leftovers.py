"""Names of files under construction, and the removal of those whose process is dead."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from .locks import lock
from .paths import base, beside, remove

_CHANCE = 6
_DIGITS = frozenset("0123456789abcdef")


def temporary_name(path: str) -> str:
    """Returns a new name beside a file, for its content while it is written: ``.NAME.0123456789ab.tmp``."""
    # Chance, not the process number: two containers may well have the same.
    return beside(path, f".{base(path)}.{os.urandom(_CHANCE).hex()}.tmp")


def remove_leftovers(*paths: str) -> None:
    """Removes what runs that were killed have left of these files.

    A file goes only if it has a name of ``temporary_name``, is a plain file of this user, and is locked by
    nobody: a process that still writes holds a lock on it.
    """
    for path in paths:
        with suppress(OSError):
            for name in os.listdir(beside(path, ".")):  # noqa: PTH208 - pathlib is loaded nowhere here
                if _is_temporary(name, base(path)):
                    _remove_if_dead(beside(path, name))


def _is_temporary(name: str, of: str) -> bool:
    start, end = f".{of}.", ".tmp"
    chance = name[len(start) : -len(end)]
    return (
        name.startswith(start)
        and name.endswith(end)
        and len(chance) == 2 * _CHANCE
        and _DIGITS.issuperset(chance)
    )


def _remove_if_dead(path: str) -> None:
    flags = os.O_RDONLY
    for extra in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"):
        flags |= getattr(os, extra, 0)
    with suppress(OSError):
        descriptor = os.open(path, flags)
        try:
            about = os.fstat(descriptor)
            ours = stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid()
            if ours and lock(descriptor):
                remove(path)
        finally:
            os.close(descriptor)
