"""Read and replace the `.env` file of a folder: atomically, without following links, keeping owner and permissions."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from common.atomic_files import atomic_write
from common.env_file.syntax import MAX_BYTES, EnvFileError
from common.errors import CannotWrite

_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def read_bytes(path: Path, *, to_replace: bool = True) -> bytes:
    """Return the content of the file; empty if there is no file.

    Args:
        path: the path of the file.
        to_replace: whether the file will be replaced; otherwise it may be a link.

    Raises:
        CannotWrite: the file is a link or not a regular file, and thus cannot be replaced, or it cannot be read.
        EnvFileError: the file is too large.
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
        path: the path of the file.
        before: the content from which the new one was created.
        content: the new content.

    Returns:
        Whether the file was written.

    Raises:
        CannotWrite: the file cannot be written, or has changed in the meantime.
    """
    if content == before:
        return False
    _check_permission(path)
    with atomic_write(path) as temporary:
        _take_over(path, temporary)  # while it is still empty
        temporary.write_bytes(content)
        if read_bytes(path) != before:
            raise _refused(path, "another program changed it at the same time")
    return True


def _check_permission(path: Path) -> None:
    """Refuse to replace a file that this user may not write, even if the permissions of the folder allow it."""
    with suppress(FileNotFoundError):
        found = path.lstat()
        if not found.st_mode & stat.S_IWUSR:
            raise _refused(path, "it is read-only")
        if hasattr(os, "geteuid") and os.geteuid() not in (0, found.st_uid):
            raise _refused(path, "it belongs to another user")


def _take_over(path: Path, temporary: Path) -> None:
    """Copy owner and permissions of the replaced file to a new file; without one, use the owner of the folder."""
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
