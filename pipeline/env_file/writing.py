"""Read and replace the `.env` file of a folder: atomically, through no link, with its owner and permissions."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from pipeline.atomic_files import atomic_write
from pipeline.env_file.syntax import MAX_BYTES, EnvFileError
from pipeline.errors import CannotWrite

_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def read_bytes(path: Path, *, to_replace: bool = True) -> bytes:
    """Return the content of the file; empty where there is none.

    Args:
        path: the file.
        to_replace: whether the file is to be replaced; otherwise it may be a link.

    Raises:
        CannotWrite: it is a link or no ordinary file, so that it will not be replaced, or it cannot be read.
        EnvFileError: it is too large.
    """
    try:
        found = path.lstat() if to_replace else path.stat()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error
    if not stat.S_ISREG(found.st_mode):
        raise _refused(path, "it is a link" if stat.S_ISLNK(found.st_mode) else "it is not a file")
    try:
        with os.fdopen(os.open(path, _READ | (_NO_LINK if to_replace else 0)), "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error
    if len(content) > MAX_BYTES:
        raise EnvFileError(f"{path.name} is larger than {MAX_BYTES:,} bytes.")
    return content


def replace(path: Path, before: bytes, content: bytes) -> bool:
    """Replace the file, unless its content is the same.

    Args:
        path: the file.
        before: the content that the new one was made from.
        content: the new content.

    Returns:
        Whether it was written.

    Raises:
        CannotWrite: it cannot be written, or has changed meanwhile.
    """
    if content == before:
        return False
    _check_permission(path)
    with atomic_write(path) as temporary:
        _take_over(path, temporary)  # before there is anything in it
        temporary.write_bytes(content)
        if read_bytes(path) != before:
            raise _refused(path, "it was changed at the same time")
    return True


def _check_permission(path: Path) -> None:
    """Refuse to replace a file that this user could not write into, although the folder would allow it."""
    with suppress(FileNotFoundError):
        found = path.lstat()
        if not found.st_mode & stat.S_IWUSR:
            raise _refused(path, "it is read-only")
        if hasattr(os, "geteuid") and os.geteuid() not in (0, found.st_uid):
            raise _refused(path, "it belongs to another user")


def _take_over(path: Path, temporary: Path) -> None:
    """Give a new file the owner and the permissions of the one that it replaces, or the owner of the folder."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        found = path.parent.stat()
    else:
        temporary.chmod(stat.S_IMODE(found.st_mode))
    if hasattr(os, "chown") and os.geteuid() == 0:
        with suppress(OSError):  # a file system without owners
            os.chown(temporary, found.st_uid, found.st_gid, follow_symlinks=False)


def _refused(path: Path, why: str) -> CannotWrite:
    return CannotWrite(f"{path.name} is not written: {why}.", path=path)
