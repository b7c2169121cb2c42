"""Write and copy files atomically, and leave them untouched if their content is already right."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from common.errors import InputMissing
from pybrain_runtime.io.atomic_file import cannot_write
from pybrain_runtime.io.locks import lock
from pybrain_runtime.io.temporary_files import remove_leftovers, temporary_name

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Provide a temporary file that replaces `path` when the block ends without an error.

    Args:
        path: the file to write.

    Raises:
        CannotWrite: the file cannot be written; no temporary file is left.
    """
    temporary = Path(temporary_name(str(path)))
    descriptor = -1
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(str(path))
        # Created here, so that no link is followed; locked, so that it is not removed as a leftover.
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
        with suppress(OSError):  # it may not exist: read-only disk, missing folder
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8 with LF line endings, unless it already has this content.

    Args:
        path: the file.
        text: the new content.
    """
    content = text.encode("utf-8")
    with suppress(OSError):
        if path.is_file() and path.read_bytes() == content:  # reading a pipe would wait
            return
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: object) -> None:
    """Write a value as indented JSON.

    Args:
        path: the file.
        value: the value; anything that `json.dumps` accepts.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def same_content(a: Path, b: Path) -> bool:
    """Return whether both paths are files with the same content.

    Args:
        a: one path.
        b: the other path.
    """
    if not (a.is_file() and b.is_file()) or a.stat().st_size != b.stat().st_size:
        return False
    return sha256_of(a) == sha256_of(b)


def copy_if_changed(source: Path, target: Path) -> bool:
    """Copy a file, readable by all users, unless the target already has its content.

    Args:
        source: the file.
        target: the copy.

    Returns:
        Whether the copy was written.

    Raises:
        InputMissing: `source` does not exist or cannot be read.
        CannotWrite: `target` cannot be written.
    """
    with suppress(OSError):  # an unreadable target is replaced
        if same_content(source, target):
            return False
    with atomic_write(target) as temporary:
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
    """Remove a file if it exists.

    Raises:
        CannotWrite: the file exists and cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def make_folder(path: Path) -> Path:
    """Create a folder that containers of other users can read.

    Returns:
        The folder.

    Raises:
        CannotWrite: the folder cannot be created; the message has the reason.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if path.stat().st_mode & 0o005 != 0o005:
            path.chmod(path.stat().st_mode | 0o055)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path
