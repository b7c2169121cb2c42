"""The file of a long run while it is written: always of the same name, so that a broken run can go on."""

from __future__ import annotations

import os
from contextlib import suppress
from types import ModuleType

from .atomic import AtomicFile
from .errors import CannotWrite
from .files import BLOCK
from .hashes import Sha256
from .paths import base, remove

try:
    import fcntl as _locks

    _fcntl: ModuleType | None = _locks
except ImportError:  # Windows
    _fcntl = None


class PartFile(AtomicFile):
    """A file under construction that stays when its run breaks off, if it is told so.

    It lies beside its place as ``.NAME.part``, and belongs to one run at a time.

    Args:
        path: where it will stand.
        keep: whether what has been written stays when the run breaks off.

    Raises:
        CannotWrite: it cannot be written there, or another run is writing it.
    """

    def __init__(self, path: str, *, keep: bool) -> None:
        self._keep = True  # until it is known to be ours
        self._begin(path, f".{base(path)}.part", os.O_RDWR | os.O_CREAT)
        self._lock()
        while not self._is_there():  # whoever had it has just put it in its place
            self._close()
            self._begin(path, f".{base(path)}.part", os.O_RDWR | os.O_CREAT)
            self._lock()
        self._keep = keep

    def begin_anew(self) -> None:
        """Forgets what an earlier run has left."""
        self._hash, self.bytes_written = Sha256(), 0
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)

    def go_on(self, size: int, sha256: str) -> bool:
        """Goes on behind what an earlier run has written; says whether it is there.

        Args:
            size: its bytes; what follows them is cut off.
            sha256: their hash.
        """
        found, rest = Sha256(), size
        while rest and (block := os.read(self._descriptor, min(rest, BLOCK))):
            found.update(block)
            rest -= len(block)
        if rest or found.hexdigest() != sha256:
            self.begin_anew()
            return False
        os.ftruncate(self._descriptor, size)
        self._hash, self.bytes_written = found, size
        return True

    def finish(self) -> None:
        """Brings everything to the disk. It stays ours until it has its name."""
        if _fcntl is None:
            super().finish()  # Windows gives no other name to a file that is open
            return
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self.discard()
            raise self._failed(error) from None

    def place(self) -> None:
        """Gives the finished file its name."""
        super().place()
        self._close()

    def discard(self) -> None:
        """Closes the file, and removes it unless it is kept."""
        if self._keep and not self._placed:
            self._close()
        else:
            super().discard()

    def drop(self) -> None:
        """Removes it, whatever was said about keeping it."""
        self._keep = False
        super().drop()

    def _close(self) -> None:
        if self._descriptor >= 0:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1

    def _is_there(self) -> bool:
        """Says whether the file that is open is still the one of that name."""
        try:
            there = os.stat(self._temporary)  # noqa: PTH116
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._descriptor))

    def _lock(self) -> None:
        if _fcntl is None:
            return
        try:
            _fcntl.flock(self._descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        except OSError:
            self.discard()
            raise CannotWrite(
                f"{self.path} is being written by another run.",
                hint="Wait for its end, or choose another place for the prediction.",
                path=self.path,
            ) from None


def remove_if_there(path: str) -> None:
    """Removes a file; that there is none is fine."""
    with suppress(FileNotFoundError):
        remove(path)
