"""Files collected over from a folder that others write to: read once, and what was read is what is kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline import atomic_files
from pipeline.errors import CannotWrite, NotWhatWasPrepared

_PART = 1 << 20


@dataclass(frozen=True)
class CollectedFile:
    """A file that was collected over.

    Attributes:
        path: where it is kept.
        sha256: of the bytes that are kept.
        size: their number.
        changed: when the original was last written to, in seconds since 1970.
    """

    path: Path
    sha256: str
    size: int
    changed: float


def collect(source: Path, target: Path, *, limit: int | None = None) -> CollectedFile | None:
    """Copies a file by one descriptor and hashes what is copied.

    A link, a pipe or a folder in the place of the file is not followed or waited for. Bytes that are appended
    meanwhile are not read.

    Args:
        source: the file; somebody may write to it or replace it meanwhile.
        target: where it is kept; it appears there whole or not at all.
        limit: the most bytes it may have.

    Returns:
        What is kept; None where there is no such file, or none that may be read.

    Raises:
        NotWhatWasPrepared: it is a link, no plain file, or larger than the limit.
        CannotWrite: it cannot be kept; the message has the reason.
    """
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    if source.is_symlink():
        raise NotWhatWasPrepared(f"{source.name} on the volume is a link; a file was expected")
    try:
        descriptor = os.open(source, flags)
    except OSError:
        return None
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        raise NotWhatWasPrepared(f"{source.name} on the volume is no plain file")
    with os.fdopen(descriptor, "rb") as original:
        if limit is not None and about.st_size > limit:
            raise NotWhatWasPrepared(
                f"{source.name} on the volume has {about.st_size:,} bytes; at most {limit:,} were expected"
            )
        atomic_files.folder(target.parent)
        if about.st_size > shutil.disk_usage(target.parent).free:
            raise CannotWrite(f"{target} cannot be written: the disk is full", path=target)
        with atomic_files.writing(target) as temporary:
            sha256, size = _copy(original, temporary, about.st_size)
            temporary.chmod(0o644)
    return CollectedFile(target, sha256, size, about.st_mtime)


def _copy(original: BinaryIO, target: Path, size: int) -> tuple[str, int]:
    digest, copied = hashlib.sha256(), 0
    with target.open("wb") as copy:
        while copied < size and (part := original.read(min(_PART, size - copied))):
            digest.update(part)
            copy.write(part)
            copied += len(part)
    return digest.hexdigest(), copied
