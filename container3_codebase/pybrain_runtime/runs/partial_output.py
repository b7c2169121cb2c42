"""The output of a long run while it is being written, under a fixed name, so that an interrupted run can be resumed."""

from __future__ import annotations

import os
import stat

from pybrain_runtime.errors import CannotWrite
from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.io.input_file import BLOCK
from pybrain_runtime.io.locks import lock
from pybrain_runtime.io.open_flags import WRITE_OR_RESUME
from pybrain_runtime.io.output_paths import check_target
from pybrain_runtime.io.paths import base, beside
from pybrain_runtime.io.sha256 import Sha256


def partial_path(path: str) -> str:
    """Return the path of an output while it is being written: ``.NAME.part`` beside its final path."""
    return beside(path, f".{base(path)}.part")


class PartialOutput(AtomicFile):
    """An output under construction that may be kept when its run is interrupted.

    It is ``.NAME.part`` beside its final path, locked by one run at a time.

    Attributes:
        keep: whether the file is kept when the run is interrupted.

    Args:
        path: the final path.
        keep: whether the file is kept when the run is interrupted.

    Raises:
        CannotWrite: the file cannot be written, or another run is writing it.
    """

    def __init__(self, path: str, *, keep: bool) -> None:
        self.keep = True  # until it is locked by this run
        self._begin(path)
        self._open_and_lock()
        while not self._has_name():  # another run has just committed it
            self._close()
            self._open_and_lock()
        self.keep = keep

    def truncate(self) -> None:
        """Discard what an earlier run has written."""
        self._hash, self.bytes_written = Sha256(), 0
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)

    def resume(self, size: int, sha256: str) -> bool:
        """Continue after what an earlier run has written.

        Args:
            size: the number of bytes that it has written; anything after them is discarded.
            sha256: the hash of these bytes.

        Returns:
            Whether the file has these bytes; if not, it is empty now.
        """
        found, rest = Sha256(), size
        while rest and (block := os.read(self._descriptor, min(rest, BLOCK))):
            found.update(block)
            rest -= len(block)
        if rest or found.hexdigest() != sha256:
            self.truncate()
            return False
        os.ftruncate(self._descriptor, size)
        self._hash, self.bytes_written = found, size
        return True

    def discard(self) -> None:
        """Close the file, and remove it unless it is kept."""
        if self.keep and not self._committed:
            self._close()
        else:
            super().discard()

    def release(self) -> None:
        """Close the file without changing what an earlier run has written; an empty file is removed."""
        if self._descriptor >= 0 and not os.fstat(self._descriptor).st_size:
            self.discard_partial()
        self._close()

    def discard_partial(self) -> None:
        """Remove the file, even if ``keep`` is true."""
        self.keep = False
        super().discard_partial()

    def _open_and_lock(self) -> None:
        """Open the file, new or left by an earlier run, and lock it."""
        check_target(partial_path(self.path))
        self._open(partial_path(self.path), WRITE_OR_RESUME)
        self._lock()

    def _check_opened(self, about: os.stat_result) -> None:
        """Check that the opened file cannot have been put there by another user."""
        what = ""
        if not stat.S_ISREG(about.st_mode):
            what = "it is not a regular file"
        elif hasattr(os, "geteuid") and about.st_uid != os.geteuid():
            what = "it belongs to another user"
        elif about.st_nlink > 1:
            what = "it has a second name (a hard link), so that another file would be overwritten"
        if what:
            self.discard()
            raise CannotWrite(
                f"{self._temporary}, which an earlier run may have left, cannot be used: {what}.",
                hint="Remove it, or choose another path for the prediction.",
                path=self._temporary,
            )

    def _lock(self) -> None:
        if lock(self._descriptor) is False:
            self.discard()
            raise CannotWrite(
                f"{self.path} is being written by another run.",
                hint="Wait until it has ended, or choose another path for the prediction.",
                path=self.path,
            )
