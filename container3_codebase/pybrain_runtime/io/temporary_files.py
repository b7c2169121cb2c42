"""Names of temporary files, and the removal of files that killed processes have left."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from pybrain_runtime.io.locks import LOCKS, lock
from pybrain_runtime.io.open_flags import NO_FOLLOW, READ
from pybrain_runtime.io.paths import base, beside, remove

_RANDOM_BYTES, _ENDING = 6, ".tmp"
_DIGITS = frozenset("0123456789abcdef")


def temporary_name(path: str) -> str:
    """Return a new temporary path beside a file: ``.NAME.0123456789ab.tmp``."""
    # Random, not the process id: two containers may have the same.
    return beside(path, f".{base(path)}.{os.urandom(_RANDOM_BYTES).hex()}{_ENDING}")


def remove_leftovers(*paths: str) -> None:
    """Remove the temporary files that killed runs have left.

    A file is removed only if it has a name of ``temporary_name``, is a regular file of this user, and is not locked:
    a process that still writes it holds a lock.
    """
    if not LOCKS:  # running and killed processes cannot be distinguished
        return
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(beside(path, ""), []).append(base(path))
    for folder, of in folders.items():
        with suppress(OSError):
            for name in os.listdir(folder or "."):  # noqa: PTH208 - pathlib is not imported here
                if name.endswith(_ENDING) and any(_is_temporary(name, target) for target in of):
                    _remove_if_dead(folder + name)


def _is_temporary(name: str, of: str) -> bool:
    start = f".{of}."
    random = name[len(start) : -len(_ENDING)]
    return name.startswith(start) and len(random) == 2 * _RANDOM_BYTES and _DIGITS.issuperset(random)


def _remove_if_dead(path: str) -> None:
    with suppress(OSError):
        descriptor = os.open(path, READ | NO_FOLLOW)
        try:
            about = os.fstat(descriptor)
            ours = stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid()
            if ours and lock(descriptor):
                remove(path)
        finally:
            os.close(descriptor)
