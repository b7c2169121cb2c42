"""Flags for ``os.open``; on a platform that lacks one, it has no effect."""

from __future__ import annotations

import os


def _flags(*names: str) -> int:
    flags = 0
    for name in names:
        flags |= getattr(os, name, 0)
    return flags


# A pipe must not block, a child process must not inherit, Windows must not translate line endings.
COMMON: int = _flags("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT")
NO_FOLLOW: int = _flags("O_NOFOLLOW")
"""Fail if the last part of the path is a symbolic link."""

READ: int = os.O_RDONLY | COMMON
WRITE_NEW: int = os.O_WRONLY | os.O_CREAT | os.O_EXCL | COMMON | NO_FOLLOW
WRITE_OR_RESUME: int = os.O_RDWR | os.O_CREAT | COMMON | NO_FOLLOW
