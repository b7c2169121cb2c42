"""Keep the session folder within its limits by removing expired sessions."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pybrain_runtime.io.locks import lock
from serving.errors import TooManySessions
from serving.sessions.state_file import owner_of
from serving.settings import SessionSettings

_KEPT = 10
"""The share of sessions and bytes reserved for clients that use less than this share."""


def make_space(folder: Path, settings: SessionSettings, size: int, *, keep: str, owner: str = "") -> None:
    """Remove expired sessions and unused models, and check that there is space for a new session.

    The caller must hold the lock of the folder.

    Args:
        folder: the session folder.
        settings: the limits.
        size: the size of the new session in bytes.
        keep: the name of the subfolder that is about to be used.
        owner: the client that creates the session; empty if unknown.

    Raises:
        TooManySessions: there is no space, or the rest is reserved for other clients.
    """
    oldest = time.time() - settings.idle_seconds
    sessions: list[os.DirEntry[str]] = []
    for group in list(_entries(folder)):
        left = 0
        for entry in list(_entries(group.path)):
            if entry.is_dir(follow_symlinks=False):
                size += sum(_size(each) for each in _entries(entry.path))
            elif _expired(entry, oldest):
                Path(entry.path).unlink(missing_ok=True)
            else:
                left += 1
                size += _size(entry)
                sessions.append(entry)
        if not left and group.name != keep:
            shutil.rmtree(group.path, ignore_errors=True)
    count = len(sessions)
    if count >= settings.most or size > settings.bytes:
        what = f"{count} sessions" if count >= settings.most else "the sessions' memory is used"
        raise TooManySessions(
            f"The server has reached its limit on sessions ({what}); end a session or wait until one expires."
        )
    if count >= settings.most - settings.most // _KEPT or size > settings.bytes - settings.bytes // _KEPT:
        _check_share(sessions, settings, owner)


def _check_share(sessions: list[os.DirEntry[str]], settings: SessionSettings, owner: str) -> None:
    """Check that a client has less than its share when little space is left.

    Raises:
        TooManySessions: the client has more than its share.
    """
    own = [entry for entry in sessions if owner and owner_of(entry.path) == owner]
    if len(own) >= max(1, settings.most // _KEPT) or sum(map(_size, own)) >= settings.bytes // _KEPT:
        raise TooManySessions(
            f"This client has {len(own)} sessions, and the remaining space is reserved for others; "
            "end a session or wait until one expires."
        )


def _expired(entry: os.DirEntry[str], oldest: float) -> bool:
    """Return whether a session has not been used since a given time and is not in use."""
    with suppress(OSError):
        if entry.stat(follow_symlinks=False).st_mtime > oldest:
            return False
        descriptor = os.open(entry.path, os.O_RDONLY)
        try:
            return lock(descriptor) is not False
        finally:
            os.close(descriptor)
    return False


def _entries(path: str | Path) -> Iterator[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(path) as entries:
        yield from entries


def _size(entry: os.DirEntry[str]) -> int:
    with suppress(OSError):
        return entry.stat(follow_symlinks=False).st_size
    return 0
