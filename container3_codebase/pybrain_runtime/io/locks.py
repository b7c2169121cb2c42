"""Locks on open files. The operating system releases them when the process that holds them ends."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType

try:
    import fcntl as _locks

    _fcntl: ModuleType | None = _locks
except ImportError:  # Windows
    _fcntl = None

LOCKS = _fcntl is not None
"""Whether files can be locked, and renamed while they are open."""

_HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
_TIMEOUT, _POLL = 5.0, 0.01


def lock(descriptor: int) -> bool | None:
    """Lock an open file for this process.

    Returns:
        True if it is locked now, False if another process holds the lock, None if the file system does not
        support locks.
    """
    if _fcntl is None:
        return None
    try:
        _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _HELD else None
    return True


@contextmanager
def locked_folder(path: str) -> Iterator[None]:
    """Lock a folder for one process at a time; wait a few seconds at most.

    Args:
        path: the folder; if it cannot be locked, the block runs without a lock.
    """
    descriptor = -1
    with suppress(OSError):
        descriptor = os.open(path or ".", os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        deadline = time.monotonic() + _TIMEOUT
        while descriptor >= 0 and lock(descriptor) is False and time.monotonic() < deadline:
            time.sleep(_POLL)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)
