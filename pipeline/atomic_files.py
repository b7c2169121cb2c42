"""Files put in place whole or not at all, and left alone where they already are what they should be."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.errors import CannotWrite, InputMissing
from pybrain_runtime._io.locks import lock
from pybrain_runtime._io.temporary_files import remove_leftovers, temporary_name

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
}


def cannot_write(path: Path, error: OSError) -> CannotWrite:
    """The error for a failed attempt to write `path`."""
    reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
    return CannotWrite(
        f"{path} cannot be written: {reason}",
        hint="Make room or grant the right, then start again.",
        path=path,
    )


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` that takes its place when the block ends well.

    Raises:
        CannotWrite: with the reason; nothing of the attempt is left.
    """
    temporary = Path(temporary_name(str(path)))
    descriptor = -1
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(str(path))
        # Made here, and never followed to anywhere; locked, so that nobody takes it for a leftover.
        descriptor = os.open(temporary, _NEW, 0o666)
        lock(descriptor)
        yield temporary
        if os.name == "nt":
            os.close(descriptor)
            descriptor = -1
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if descriptor >= 0:
            os.close(descriptor)
        with suppress(OSError):  # on a read-only disk, or without the folder, there is none to remove
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes a text file in UTF-8 with plain line ends, unless it already stands there."""
    content = text.encode("utf-8")
    with suppress(OSError):
        if path.is_file() and path.read_bytes() == content:  # a pipe would wait for a writer
            return
    with writing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Writes a value as readable JSON."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def same(a: Path, b: Path) -> bool:
    """Whether both are files with the same bytes."""
    if not (a.is_file() and b.is_file()) or a.stat().st_size != b.stat().st_size:
        return False
    return sha256_of(a) == sha256_of(b)


def put(source: Path, target: Path) -> bool:
    """Copies a file, readable to everybody, unless it already stands there.

    Returns:
        Whether anything was written.

    Raises:
        InputMissing: `source` is not there or cannot be read.
        CannotWrite: `target` cannot be written.
    """
    with suppress(OSError):  # one that cannot be read is replaced
        if same(source, target):
            return False
    with writing(target) as temporary:
        _copy(source, temporary)
        temporary.chmod(0o644)
    return True


def _copy(source: Path, target: Path) -> None:
    try:
        original = source.open("rb")
    except OSError as error:
        raise InputMissing(f"{source} cannot be read: {error.strerror}", path=source) from error
    with original, target.open("wb") as copy:
        shutil.copyfileobj(original, copy)


def remove(path: Path) -> None:
    """Removes a file if it is there.

    Raises:
        CannotWrite: it is there and cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def folder(path: Path) -> Path:
    """Makes a folder that containers of another user can read, too.

    Raises:
        CannotWrite: with the reason.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if path.stat().st_mode & 0o005 != 0o005:
            path.chmod(path.stat().st_mode | 0o055)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path
