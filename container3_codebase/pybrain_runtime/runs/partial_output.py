"""The file of a long run while it is written: always of the same name, so that a broken run can go on."""

from __future__ import annotations

import os
import stat

from pybrain_runtime._io.atomic_file import AtomicFile
from pybrain_runtime._io.input_file import BLOCK
from pybrain_runtime._io.locks import lock
from pybrain_runtime._io.output_paths import check_target
from pybrain_runtime._io.paths import base, beside
from pybrain_runtime._io.sha256 import Sha256
from pybrain_runtime.errors import CannotWrite


def partial_path(path: str) -> str:
    """Returns where a file lies while a long run writes it: ``.NAME.part`` beside its place."""
    return beside(path, f".{base(path)}.part")


class PartialOutput(AtomicFile):
    """A file under construction that stays when its run breaks off, if it is told so.

    It lies beside its place as ``.NAME.part``, and belongs to one run at a time.

    Attributes:
        keep: whether what has been written stays when the run breaks off.

    Args:
        path: where it will stand.
        keep: whether what has been written stays when the run breaks off.

    Raises:
        CannotWrite: it cannot be written there, or another run is writing it.
    """

    def __init__(self, path: str, *, keep: bool) -> None:
        self.keep = True  # until it is known to be ours
        self._begin(path)
        self._take()
        while not self._is_there():  # whoever had it has just put it in its place
            self._close()
            self._take()
        self.keep = keep

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

    def discard(self) -> None:
        """Closes the file, and removes it unless it is kept."""
        if self.keep and not self._placed:
            self._close()
        else:
            super().discard()

    def leave(self) -> None:
        """Closes the file, and leaves what an earlier run has written; an empty one goes."""
        if self._descriptor >= 0 and not os.fstat(self._descriptor).st_size:
            self.discard_partial()
        self._close()

    def discard_partial(self) -> None:
        """Removes it, whatever was said about keeping it."""
        self.keep = False
        super().discard_partial()

    def _take(self) -> None:
        """Opens the file, new or left by an earlier run, and makes it ours."""
        check_target(partial_path(self.path))
        self._open(partial_path(self.path), os.O_RDWR | os.O_CREAT)
        self._lock()

    def _check_opened(self, about: os.stat_result) -> None:
        """Refuses a file that somebody else can reach, or has put there for us to write into."""
        what = ""
        if not stat.S_ISREG(about.st_mode):
            what = "it is not a plain file"
        elif hasattr(os, "geteuid") and about.st_uid != os.geteuid():
            what = "it belongs to another user"
        elif about.st_nlink > 1:
            what = "it has a second name (a hard link), under which another file would be written over"
        if what:
            self.discard()
            raise CannotWrite(
                f"{self._temporary}, which an earlier run may have left, cannot be used: {what}.",
                hint="Take it away, or choose another place for the prediction.",
                path=self._temporary,
            )

    def _lock(self) -> None:
        if lock(self._descriptor) is False:
            self.discard()
            raise CannotWrite(
                f"{self.path} is being written by another run.",
                hint="Wait for its end, or choose another place for the prediction.",
                path=self.path,
            )
