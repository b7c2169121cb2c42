"""Files that a reader sees whole or not at all: written under another name, then renamed."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from pybrain_runtime._io.locks import LOCKS, lock
from pybrain_runtime._io.output_paths import check_target
from pybrain_runtime._io.paths import remove, rename
from pybrain_runtime._io.sha256 import Sha256
from pybrain_runtime._io.temporary_files import temporary_name
from pybrain_runtime.errors import CannotWrite

_HINTS = {
    errno.EROFS: "Mount the folder for writing.",
    errno.EACCES: "Give the user of this process permission to write there.",
    errno.EPERM: "Give the user of this process permission to write there.",
    errno.ENOSPC: "Free some space, then run again.",
    errno.EDQUOT: "Free some space, then run again.",
    errno.EFBIG: "Raise the limit on the size of files (ulimit -f), then run again.",
    errno.ENOENT: "Create the folder.",
}


_FLAGS = 0
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _flag, 0)


class AtomicFile:
    """A file under construction.

    ``place`` gives it its name; ``discard`` leaves nothing behind. Errors of the system become ``CannotWrite``
    with the reason. Until it has its name it is locked, so that others can tell it from what a dead process left.

    Args:
        path: where it will stand. Its folder must exist, and there must be a plain file or nothing.
    """

    def __init__(self, path: str) -> None:
        self._begin(path)
        self._open(temporary_name(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        while lock(self._descriptor) is False or not self._is_there():  # taken for a leftover just now
            self._close()
            self._open(temporary_name(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL)

    def _begin(self, path: str) -> None:
        """Sets up the state, and looks at the place."""
        self.path = path
        self.bytes_written = 0
        self._hash = Sha256()
        self._descriptor = -1
        self._placed = self._settled = False
        self._temporary = ""
        check_target(path)

    def _open(self, temporary: str, flags: int) -> None:
        """Opens the file that is written until the real one is there."""
        try:
            self._descriptor = os.open(temporary, flags | _FLAGS, 0o644)
            self._temporary = temporary
            self._check_opened(os.fstat(self._descriptor))
            if hasattr(os, "fchmod"):
                os.fchmod(self._descriptor, 0o644)  # whatever the umask: the person who started it reads it
        except OSError as error:
            self.discard()
            raise self._failed(error) from None

    def _check_opened(self, about: os.stat_result) -> None:
        """Refuses what was opened, where it is not what this process may write."""

    @property
    def sha256(self) -> str:
        """The hash of what has been written so far, in hexadecimal."""
        return self._hash.hexdigest()

    @property
    def temporary(self) -> str:
        """Where the content stands until it gets its name; to be read after ``finish``."""
        return self._temporary

    def mark(self) -> tuple[int, Sha256]:
        """Returns how many bytes have been written so far, and their hash."""
        return self.bytes_written, self._hash.copy()

    def write(self, data: bytes | memoryview) -> None:
        """Appends."""
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
        """Brings what has been written to the disk."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self.discard()
            raise self._failed(error) from None

    def finish(self) -> None:
        """Brings everything to the disk. After this, only the rename can fail."""
        self.sync()
        if not LOCKS:
            self._close()  # Windows gives no other name to a file that is open

    def commit(self) -> None:
        """Gives the finished file its name. It can still be discarded, until it is settled."""
        try:
            check_target(self.path)
            rename(self._temporary, self.path)
            self._placed = True
        except OSError as error:
            self.discard()
            raise self._failed(error) from None
        except CannotWrite:
            self.discard()
            raise
        self._close()

    def confirm(self) -> None:
        """Says that what has been placed is to stay."""
        self._settled = self._placed

    def discard(self) -> None:
        """Removes what has been written; also what has been placed, unless it is settled."""
        self._close()
        if self._temporary and not self._settled:
            with suppress(OSError):
                remove(self.path if self._placed else self._temporary)

    def discard_partial(self) -> None:
        """Removes what is under construction, and nothing that has been placed."""
        if not self._placed:
            self.discard()

    def _close(self) -> None:
        if self._descriptor >= 0:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1

    def _is_there(self) -> bool:
        """Says whether the file that is open is still the one of that name."""
        try:
            there = os.lstat(self._temporary)
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._descriptor))

    def _failed(self, error: OSError) -> CannotWrite:
        return cannot_write(self.path, error)


def cannot_write(path: str, error: OSError) -> CannotWrite:
    """Returns the error for a file that the system does not let us write."""
    return CannotWrite(
        f"{path} cannot be written: {(error.strerror or str(error)).lower()}.",
        hint=_HINTS.get(error.errno or 0, ""),
        path=path,
        errno=error.errno,
    )


def check_writable(path: str, size: int = 4096) -> None:
    """Makes sure that a file can be written at `path`, by writing one beside it and removing it again.

    Asked before the work, so that a read-only or full disk is said at once instead of after it.

    Args:
        path: where a result will stand; its folder must exist.
        size: how many bytes there must be room for.

    Raises:
        CannotWrite: with the reason.
    """
    probe = AtomicFile(path)
    probe.write(bytes(size))
    probe.discard()
