"""Names of files under construction, and the removal of those whose process is dead."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from pybrain_runtime._io.locks import LOCKS, lock
from pybrain_runtime._io.paths import base, beside, remove

_CHANCE, _ENDING = 6, ".tmp"
_DIGITS = frozenset("0123456789abcdef")


def temporary_name(path: str) -> str:
    """Returns a new name beside a file, for its content while it is written: ``.NAME.0123456789ab.tmp``."""
    # Chance, not the process number: two containers may well have the same.
    return beside(path, f".{base(path)}.{os.urandom(_CHANCE).hex()}{_ENDING}")


def remove_leftovers(*paths: str) -> None:
    """Removes what runs that were killed have left of these files.

    A file goes only if it has a name of ``temporary_name``, is a plain file of this user, and is locked by
    nobody: a process that still writes holds a lock on it.
    """
    if not LOCKS:  # then nobody can tell who is dead
        return
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(beside(path, ""), []).append(base(path))
    for folder, of in folders.items():
        with suppress(OSError):
            for name in os.listdir(folder or "."):  # noqa: PTH208 - pathlib is loaded nowhere here
                if name.endswith(_ENDING) and any(_is_temporary(name, target) for target in of):
                    _remove_if_dead(folder + name)


def _is_temporary(name: str, of: str) -> bool:
    start = f".{of}."
    chance = name[len(start) : -len(_ENDING)]
    return name.startswith(start) and len(chance) == 2 * _CHANCE and _DIGITS.issuperset(chance)


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
