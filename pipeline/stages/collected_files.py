"""Copy files from a folder that other processes write to. Each file is read once, so the copy matches its hash."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from common import atomic_files
from common.errors import VerificationFailed
from pybrain_runtime.io.atomic_file import cannot_write

_CHUNK = 1 << 20


@dataclass(frozen=True)
class CollectedFile:
    """A copied file.

    Attributes:
        path: the copy.
        sha256: the hash of the copied bytes.
        size: the number of copied bytes.
        changed: the modification time of the original, in seconds since 1970.
    """

    path: Path
    sha256: str
    size: int
    changed: float


def collect(source: Path, target: Path, *, limit: int | None = None) -> CollectedFile | None:
    """Copy a file through one descriptor, and hash the copied bytes.

    Links are not followed, and pipes do not block. Bytes that are appended meanwhile are not copied.

    Args:
        source: the file; other processes may write to it or replace it meanwhile.
        target: the copy; it is written atomically.
        limit: the maximum size of the file in bytes; None for no limit.

    Returns:
        The copy; None if the file does not exist or is not readable.

    Raises:
        VerificationFailed: the file is a link, not a regular file, or larger than the limit.
        CannotWrite: the copy cannot be written; the message has the reason.
    """
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    if source.is_symlink():
        raise VerificationFailed(f"{source.name} on the volume is a link; a file was expected")
    try:
        descriptor = os.open(source, flags)
    except OSError:
        return None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise VerificationFailed(f"{source.name} on the volume is not a regular file")
    with os.fdopen(descriptor, "rb") as original:
        if limit is not None and status.st_size > limit:
            raise VerificationFailed(
                f"{source.name} on the volume has {status.st_size:,} bytes; at most {limit:,} were expected"
            )
        atomic_files.make_folder(target.parent)
        if status.st_size > shutil.disk_usage(target.parent).free:
            raise cannot_write(target, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        with atomic_files.atomic_write(target) as temporary:
            sha256, size = _copy(original, temporary, status.st_size)
            temporary.chmod(0o644)
    return CollectedFile(target, sha256, size, status.st_mtime)


def _copy(original: BinaryIO, target: Path, size: int) -> tuple[str, int]:
    digest, copied = hashlib.sha256(), 0
    with target.open("wb") as copy:
        while copied < size and (part := original.read(min(_CHUNK, size - copied))):
            digest.update(part)
            copy.write(part)
            copied += len(part)
    return digest.hexdigest(), copied
