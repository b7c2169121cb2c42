"""Input files: opened once, read whole or in blocks, and hashed while they are read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO

from pybrain_runtime.errors import DataError, InputMissing, LimitExceeded
from pybrain_runtime.io.open_flags import NO_FOLLOW, READ
from pybrain_runtime.io.paths import base, is_folder
from pybrain_runtime.io.sha256 import Sha256

BLOCK = 1 << 20

_REASONS = {
    errno.ENOENT: ("was not found", "Check the path, or use another file."),
    errno.ENOTDIR: ("was not found", "Check the path, or use another file."),
    errno.EACCES: (
        "cannot be read: permission denied",
        "Give the user of this process permission to read it.",
    ),
    errno.EPERM: (
        "cannot be read: permission denied",
        "Give the user of this process permission to read it.",
    ),
    errno.ELOOP: ("is a symbolic link, and links are not followed", "Use the file that it points to."),
}


class InputFile:
    """A regular file, open for sequential reading. Use as a context manager.

    Attributes:
        path: the path, as it was given.
        name: its name without the folder.
        role: what the file is used as.
        bytes_read: number of bytes read so far.

    Args:
        path: the file.
        role: what the file is used as (``knowledge``, ``activation``, ``card``), for messages.
        follow_links: whether the path may be a symbolic link.

    Raises:
        InputMissing: the file does not exist, is a directory or a device, or cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], role: str, *, follow_links: bool = False) -> None:
        self.path = os.fspath(path)
        self.name = base(self.path) or self.path
        self.role = role
        self.bytes_read = 0
        self._hash = Sha256()
        self._duplicates: list[BinaryIO] = []
        self._descriptor = self._open(follow_links)
        self._opened = os.fstat(self._descriptor)
        if not stat.S_ISREG(self._opened.st_mode):
            self.close()
            raise self._missing(self._kind(self._opened.st_mode), "Specify a file.")

    def __enter__(self) -> InputFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes read so far, in hexadecimal."""
        return self._hash.hexdigest()

    def mark(self) -> tuple[int, Sha256]:
        """Return the number of bytes read so far, and their hash."""
        return self.bytes_read, self._hash.copy()

    @property
    def size(self) -> int:
        """Size of the file when it was opened, in bytes."""
        return self._opened.st_size

    def blocks(self, size: int = BLOCK) -> Iterator[bytes]:
        """Yield the content in blocks, then check that the file has not changed.

        Args:
            size: bytes of a block; the last one may be shorter.

        Raises:
            InputMissing: reading fails.
            DataError: the file was written to in the meantime.
        """
        while block := self._read(size):
            self.bytes_read += len(block)
            self._hash.update(block)
            if self.bytes_read > self.size:  # the file is growing, perhaps without end
                self.check_unchanged()
            yield block
        self.check_unchanged()

    def read(self, limit: int) -> bytes:
        """Return the whole content.

        Args:
            limit: maximum number of bytes.

        Raises:
            KnowledgeError: the file is larger than the limit.
        """
        parts: list[bytes] = []
        # A small file gets a small block: the system must allocate and clear the memory of a large one.
        for block in self.blocks(min(BLOCK, self.size + 1)):
            parts.append(block)
            if self.bytes_read > limit:
                raise LimitExceeded(
                    f"{self.name} exceeds the limit of {limit:,} bytes for a {self.role} file.",
                    limit=limit,
                )
        return b"".join(parts)

    def duplicate(self) -> BinaryIO:
        """Return the same open file as a seekable object, which is closed with this one."""
        self._duplicates.append(os.fdopen(os.dup(self._descriptor), "rb", buffering=0))
        return self._duplicates[-1]

    def check_unchanged(self) -> None:
        """Check that the file has not changed since it was opened.

        Raises:
            DataError: the file was written to in the meantime.
        """
        now = os.fstat(self._descriptor)
        if (now.st_size, now.st_mtime_ns) != (self._opened.st_size, self._opened.st_mtime_ns):
            raise DataError(
                f"{self.name} was changed while it was read.", hint="Try again when the file is complete."
            )

    def close(self) -> None:
        """Close the file. Closing it again has no effect."""
        while self._duplicates:
            self._duplicates.pop().close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self, follow_links: bool) -> int:
        try:
            return os.open(self.path, READ if follow_links else READ | NO_FOLLOW)
        except ValueError:
            raise self._missing("is not a valid path", "Specify a file.") from None
        except OSError as error:
            raise self._failed(error) from None

    def _read(self, size: int) -> bytes:
        try:
            return os.read(self._descriptor, size)
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> InputMissing:
        if is_folder(self.path):  # Windows refuses to open one
            return self._missing("is a directory", "Specify a file.")
        what, hint = _REASONS.get(
            error.errno or 0, (f"cannot be read: {error.strerror}", "Use another file.")
        )
        return self._missing(what, hint)

    def _missing(self, what: str, hint: str) -> InputMissing:
        return InputMissing(
            f"The {self.role} file {self.path} {what}.", hint=hint, path=self.path, role=self.role
        )

    def _kind(self, mode: int) -> str:
        if stat.S_ISDIR(mode):
            return "is a directory"
        return "is not a regular file, but a pipe, a socket or a device"


class StandardInput(InputFile):
    """Standard input, whose size is unknown before its end.

    Args:
        role: what the input is used as, for messages.
    """

    def __init__(self, role: str) -> None:
        self.path = "-"
        self.name = "standard input"
        self.role = role
        self.bytes_read = 0
        self._hash = Sha256()
        self._descriptor = 0

    @property
    def size(self) -> int:
        """0: the size is unknown."""
        return 0

    def close(self) -> None:
        """Do nothing: standard input stays open."""

    def _read(self, size: int) -> bytes:
        # A pipe returns what is available. Blocks are filled all the same, so that the boundaries of chunks do not
        # depend on how fast the other side writes.
        parts: list[bytes] = []
        while size and (part := super()._read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def check_unchanged(self) -> None:
        """Do nothing: what was read from a pipe does not change."""
