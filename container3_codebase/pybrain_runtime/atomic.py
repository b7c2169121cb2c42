"""Files that a reader sees whole or not at all: written under another name, then renamed."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from .errors import CannotWrite, UsageError
from .hashes import Sha256
from .paths import base, beside, is_folder, is_same, remove, rename

HINTS = {
    errno.EROFS: "Mount the folder for writing, or choose another one with OUTPUT_PATH.",
    errno.EACCES: "Give the user of this process the right to write there, or choose another OUTPUT_PATH.",
    errno.EPERM: "Give the user of this process the right to write there, or choose another OUTPUT_PATH.",
    errno.ENOSPC: "Free some space, then run again.",
    errno.EDQUOT: "Free some space, then run again.",
    errno.EFBIG: "The system allows no larger files here (ulimit -f); raise the limit, then run again.",
    errno.ENOENT: "Make the folder, or choose another one with OUTPUT_PATH.",
}


class AtomicFile:
    """A file under construction.

    ``commit`` puts it in its place; ``discard`` leaves nothing behind. Errors of the system become
    ``CannotWrite`` with the reason.

    Args:
        path: where it will stand. Its folder must exist.
    """

    def __init__(self, path: str) -> None:
        # Chance, not the process number: two containers may well have the same.
        self._begin(path, f".{base(path)}.{os.urandom(6).hex()}.tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL)

    def _begin(self, path: str, temporary: str, flags: int) -> None:
        """Opens the file that is written until the real one is there."""
        self.path = path
        self.bytes_written = 0
        self._hash = Sha256()
        self._descriptor = -1
        self._placed = False
        self._temporary = beside(path, temporary)
        if is_folder(path):
            raise CannotWrite(f"{path} cannot be written: it is a directory.", path=path)
        for extra in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
            flags |= getattr(os, extra, 0)
        try:
            self._descriptor = os.open(self._temporary, flags, 0o644)
            if hasattr(os, "fchmod"):
                os.fchmod(self._descriptor, 0o644)  # whatever the umask: the person who started it reads it
        except OSError as error:
            self.discard()
            raise self._failed(error) from None

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

    def finish(self) -> None:
        """Brings everything to the disk. After this, only the rename can fail."""
        try:
            os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
        except OSError as error:
            self.discard()
            raise self._failed(error) from None

    def place(self) -> None:
        """Gives the finished file its name."""
        try:
            rename(self._temporary, self.path)
            self._placed = True
        except OSError as error:
            self.discard()
            raise self._failed(error) from None

    def discard(self) -> None:
        """Removes what has been written; also what has been placed."""
        if self._descriptor >= 0:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1
        with suppress(OSError):
            remove(self.path if self._placed else self._temporary)

    def drop(self) -> None:
        """Removes what is under construction, and nothing that has been placed."""
        if not self._placed:
            self.discard()

    def _failed(self, error: OSError) -> CannotWrite:
        return CannotWrite(
            f"{self.path} cannot be written: {(error.strerror or str(error)).lower()}.",
            hint=HINTS.get(error.errno or 0, ""),
            path=self.path,
            errno=error.errno,
        )


def check_apart(written: str, *read: str) -> None:
    """Makes sure that a file that will be written is none of those that are read.

    Raises:
        UsageError: it is one of them.
    """
    for path in read:
        if is_same(written, path):
            raise UsageError(
                f"{written} would be written over {path}, which is read.",
                hint="Choose another place for the prediction.",
            )


def check_room(path: str, size: int = 4096) -> None:
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
