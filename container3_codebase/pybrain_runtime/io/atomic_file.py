"""Atomic writes: a file is written under a temporary name, then renamed, so that readers never see a part of it."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from pybrain_runtime.errors import CannotWrite
from pybrain_runtime.io.locks import LOCKS, lock
from pybrain_runtime.io.open_flags import WRITE_NEW
from pybrain_runtime.io.output_paths import check_target
from pybrain_runtime.io.paths import remove, rename
from pybrain_runtime.io.sha256 import Sha256
from pybrain_runtime.io.temporary_files import temporary_name

_HINTS = {
    errno.EROFS: "Mount the folder read-write.",
    errno.EACCES: "Give the user of this process permission to write there.",
    errno.EPERM: "Give the user of this process permission to write there.",
    errno.ENOSPC: "Free some space, then run again.",
    errno.EDQUOT: "Free some space, then run again.",
    errno.EFBIG: "Raise the file size limit (ulimit -f), then run again.",
    errno.ENOENT: "Create the folder.",
}


class AtomicFile:
    """A file that is written under a temporary name.

    ``commit`` renames it to its final name; ``discard`` removes it. An ``OSError`` becomes ``CannotWrite`` with the
    reason. Until it is committed the file is locked, which distinguishes it from the leftovers of a dead process.

    Attributes:
        path: the final path.
        bytes_written: number of bytes written so far.

    Args:
        path: the final path. Its folder must exist; the path itself must be a regular file, or not exist.
    """

    def __init__(self, path: str) -> None:
        self._begin(path)
        self._open(temporary_name(path), WRITE_NEW)
        while (
            lock(self._descriptor) is False or not self._has_name()
        ):  # another process has just removed it as a leftover
            self._close()
            self._open(temporary_name(path), WRITE_NEW)

    def _begin(self, path: str) -> None:
        """Initialize the state, and check the final path."""
        self.path = path
        self.bytes_written = 0
        self._hash = Sha256()
        self._descriptor = -1
        self._committed = self._confirmed = False
        self._temporary = ""
        check_target(path)

    def _open(self, temporary: str, flags: int) -> None:
        """Open the temporary file."""
        try:
            self._descriptor = os.open(temporary, flags, 0o644)
            self._temporary = temporary
            self._check_opened(os.fstat(self._descriptor))
            if hasattr(os, "fchmod"):
                os.fchmod(
                    self._descriptor, 0o644
                )  # whatever the umask, so that the user who started the container can read it
        except OSError as error:
            self.discard()
            raise self._failed(error) from None

    def _check_opened(self, about: os.stat_result) -> None:
        """Raise ``CannotWrite`` if the opened file is not safe to write. Subclasses override it."""

    @property
    def sha256(self) -> str:
        """Hash of what has been written so far, in hexadecimal."""
        return self._hash.hexdigest()

    @property
    def temporary(self) -> str:
        """The temporary path, which may be read after ``finish``."""
        return self._temporary

    def mark(self) -> tuple[int, Sha256]:
        """Return the number of bytes written so far, and their hash."""
        return self.bytes_written, self._hash.copy()

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes.

        Raises:
            CannotWrite: writing fails; the file is discarded.
        """
        self._hash.update(data)
        self.bytes_written += len(data)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self.discard()
            raise self._failed(error) from None

    def sync(self) -> None:
        """Flush what has been written to the disk."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self.discard()
            raise self._failed(error) from None

    def finish(self) -> None:
        """Flush the complete file to the disk. After this, only the rename can fail."""
        self.sync()
        if not LOCKS:
            self._close()  # Windows does not rename open files

    def commit(self) -> None:
        """Rename the finished file to its final name. It can still be discarded, until it is confirmed."""
        try:
            check_target(self.path)
            rename(self._temporary, self.path)
            self._committed = True
        except OSError as error:
            self.discard()
            raise self._failed(error) from None
        except CannotWrite:
            self.discard()
            raise
        self._close()

    def confirm(self) -> None:
        """Keep the committed file, whatever follows."""
        self._confirmed = self._committed

    def discard(self) -> None:
        """Remove the file, even after ``commit``, unless it is confirmed."""
        self._close()
        if self._temporary and not self._confirmed:
            with suppress(OSError):
                remove(self.path if self._committed else self._temporary)

    def discard_partial(self) -> None:
        """Remove the file unless it is committed."""
        if not self._committed:
            self.discard()

    def _close(self) -> None:
        if self._descriptor >= 0:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1

    def _has_name(self) -> bool:
        """Return whether the open file still has the temporary name."""
        try:
            there = os.lstat(self._temporary)
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._descriptor))

    def _failed(self, error: OSError) -> CannotWrite:
        return cannot_write(self.path, error)


def cannot_write(path: str | os.PathLike[str], error: OSError) -> CannotWrite:
    """Return the error for a file or folder that cannot be written.

    Args:
        path: the file or folder.
        error: the error of the operating system.
    """
    return CannotWrite(
        f"{path} cannot be written: {(error.strerror or str(error)).lower()}.",
        hint=_HINTS.get(error.errno or 0, ""),
        path=path,
        errno=error.errno,
    )


def check_writable(path: str, size: int = 4096) -> None:
    """Check that a file can be written, by writing one beside it and removing it again.

    Called before the run, so that a read-only or full disk is reported at once.

    Args:
        path: path of an output; its folder must exist.
        size: bytes that must be free.

    Raises:
        CannotWrite: the file cannot be written; the message gives the reason.
    """
    probe = AtomicFile(path)
    probe.write(bytes(size))
    probe.discard()
