"""Opens the files that come in: once, whole or in blocks, hashed while they are read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO

from pybrain_runtime._io.paths import base, is_folder
from pybrain_runtime._io.sha256 import Sha256
from pybrain_runtime.errors import DataError, InputMissing, LimitExceeded

BLOCK = 1 << 20

# A pipe must not block, a child must not inherit, Windows must not translate line ends; no system knows all.
_FLAGS = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
    _FLAGS |= getattr(os, _flag, 0)
_NO_LINKS: int = getattr(os, "O_NOFOLLOW", 0)

_REASONS = {
    errno.ENOENT: ("is not there", "Put the file there, or name another one."),
    errno.ENOTDIR: ("is not there", "Put the file there, or name another one."),
    errno.EACCES: (
        "cannot be read: permission denied",
        "Give the user of this process the right to read it.",
    ),
    errno.EPERM: ("cannot be read: permission denied", "Give the user of this process the right to read it."),
    errno.ELOOP: ("is a symbolic link, and links are not followed", "Name the file that it points to."),
}


class InputFile:
    """A regular file, open for reading from its start to its end.

    Use as a context manager. ``sha256`` covers what has been read so far.

    Args:
        path: the file.
        role: what it is to the user (``knowledge``, ``activation``, ``card``), for messages.
        follow_links: whether the name may be a symbolic link.

    Raises:
        InputMissing: there is no such file, it is a directory or a device, or it cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], role: str, *, follow_links: bool = False) -> None:
        self.path = os.fspath(path)
        self.name = base(self.path) or self.path
        self.role = role
        self.bytes_read = 0
        self._hash = Sha256()
        self._again: list[BinaryIO] = []
        self._descriptor = self._open(follow_links)
        self._opened = os.fstat(self._descriptor)
        if not stat.S_ISREG(self._opened.st_mode):
            self.close()
            raise self._missing(self._kind(self._opened.st_mode), "Name a file.")

    def __enter__(self) -> InputFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def sha256(self) -> str:
        """The hash of what has been read so far, in hexadecimal."""
        return self._hash.hexdigest()

    def mark(self) -> tuple[int, Sha256]:
        """Returns how many bytes have been read so far, and their hash."""
        return self.bytes_read, self._hash.copy()

    @property
    def size(self) -> int:
        """Bytes of the file when it was opened."""
        return self._opened.st_size

    def blocks(self, size: int = BLOCK) -> Iterator[bytes]:
        """Yields the content in order, then checks that the file is still the one that was opened.

        Raises:
            InputMissing: reading fails.
            DataError: the file was written to meanwhile.
        """
        while block := self._read(size):
            self.bytes_read += len(block)
            self._hash.update(block)
            if self.bytes_read > self.size:  # it grows; perhaps for ever
                self.check_unchanged()
            yield block
        self.check_unchanged()

    def read(self, limit: int) -> bytes:
        """Returns the whole content.

        Raises:
            KnowledgeError: it is larger than the limit.
        """
        parts: list[bytes] = []
        # A small file gets a small block: a large one is memory that the system has to find and clear first.
        for block in self.blocks(min(BLOCK, self.size + 1)):
            parts.append(block)
            if self.bytes_read > limit:
                raise LimitExceeded(
                    f"{self.name} has more than {limit:,} bytes, the limit for a {self.role} file.",
                    limit=limit,
                )
        return b"".join(parts)

    def again(self) -> BinaryIO:
        """Returns the same open file as an object that can be read in any order; it is closed with this one."""
        self._again.append(os.fdopen(os.dup(self._descriptor), "rb", buffering=0))
        return self._again[-1]

    def check_unchanged(self) -> None:
        """Checks that the file is still the one that was opened.

        Raises:
            DataError: it was written to meanwhile.
        """
        now = os.fstat(self._descriptor)
        if (now.st_size, now.st_mtime_ns) != (self._opened.st_size, self._opened.st_mtime_ns):
            raise DataError(
                f"{self.name} was changed while it was read.", hint="Try again when it stands complete."
            )

    def close(self) -> None:
        """Closes the file; a second time does nothing."""
        while self._again:
            self._again.pop().close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self, follow_links: bool) -> int:
        try:
            return os.open(self.path, _FLAGS if follow_links else _FLAGS | _NO_LINKS)
        except ValueError:
            raise self._missing("has a name that no file can have", "Name a file.") from None
        except OSError as error:
            raise self._failed(error) from None

    def _read(self, size: int) -> bytes:
        try:
            return os.read(self._descriptor, size)
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> InputMissing:
        if is_folder(self.path):  # Windows refuses to open one
            return self._missing("is a directory", "Name a file.")
        what, hint = _REASONS.get(
            error.errno or 0, (f"cannot be read: {error.strerror}", "Name another file.")
        )
        return self._missing(what, hint)

    def _missing(self, what: str, hint: str) -> InputMissing:
        return InputMissing(
            f"The {self.role} file {self.path} {what}.", hint=hint, path=self.path, role=self.role
        )

    def _kind(self, mode: int) -> str:
        if stat.S_ISDIR(mode):
            return "is a directory"
        return "is not a regular file, but a pipe, a device or the like"


class StandardInput(InputFile):
    """What another program pipes in, or what is typed; its size is not known before its end.

    Args:
        role: what it is to the user, for messages.
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
        """0: nobody knows."""
        return 0

    def close(self) -> None:
        """Leaves it open: it is not ours."""

    def _read(self, size: int) -> bytes:
        # A pipe gives what is there. Blocks are filled all the same, so that what is cut out of them does
        # not depend on how fast the other side writes.
        parts: list[bytes] = []
        while size and (part := super()._read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def check_unchanged(self) -> None:
        """Nothing: what has gone through a pipe does not change."""
