"""Files that are sent and received in blocks, so that memory is bounded."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO

from app07_client.errors import FileFailed, InvalidInput
from app07_client.protocol.table_rows import TableRows

BLOCK = 1 << 18
TABLE_TYPES = {
    ".csv": "text/csv",
    ".jsonl": "application/jsonl",
    ".ndjson": "application/jsonl",
    ".parquet": "application/vnd.apache.parquet",
    ".pq": "application/vnd.apache.parquet",
    ".arrows": "application/vnd.apache.arrow.stream",
}
"""The content types of tables, by file extension."""
_VALUE_STARTS = ("", *"0123456789-+.]{[")
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Upload:
    """A file to be sent.

    Args:
        path: the file.

    Attributes:
        path: the file.

    Raises:
        FileFailed: the file is not a regular file, or cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        with self.open() as file:
            self._start = file.read(4096)

    def open(self) -> BinaryIO:
        """Return the file, open at its start.

        Raises:
            FileFailed: the file cannot be opened.
        """
        try:
            if not Path(self.path).is_file():
                os.stat(self.path)  # noqa: PTH116 - raises where it does not exist
                raise FileFailed(f"{self.path} is not a regular file.", path=self.path, written=False)
            return Path(self.path).open("rb")
        except (OSError, ValueError) as error:
            raise _failed(self.path, error, written=False) from error

    def size(self, file: BinaryIO) -> int:
        """Return the size of the open file in bytes."""
        return os.fstat(file.fileno()).st_size

    def block(self, file: BinaryIO, left: int) -> bytes:
        """Return the next bytes of the open file.

        Args:
            file: the file.
            left: the number of bytes left, by the size of the file when it was opened.

        Raises:
            InvalidInput: the file has become shorter or longer.
        """
        block = file.read(min(BLOCK, left))
        if not block or (len(block) == left and file.read(1)):
            raise InvalidInput(f"{self.path} changed while it was being sent.")
        return block

    def table_type(self) -> str:
        """Return the content type of a table, recognized by its content; CSV if no other format is recognized."""
        for signature, ending in ((b"PAR1", ".parquet"), (b"\xff\xff\xff\xff", ".arrows")):
            if self._start.startswith(signature):
                return TABLE_TYPES[ending]
        text = self._start.removeprefix(b"\xef\xbb\xbf").lstrip()
        is_json = text.startswith(b"{") or (
            text.startswith(b"[") and text[1:].lstrip()[:1].decode("latin-1") in _VALUE_STARTS
        )
        return TABLE_TYPES[".jsonl" if is_json else ".csv"]


class ResponseFile:
    """A file for the body of a response. It gets its final name only when it is complete.

    Args:
        path: the file.
        kind: the expected content type.
        most: maximum size in bytes.

    Attributes:
        path: the file.
        kind: the expected content type.
        most: maximum size in bytes.
        size: the number of bytes written.
        rows: the counter of the rows written.
    """

    def __init__(self, path: str | os.PathLike[str], *, kind: str, most: int) -> None:
        self.path = os.fspath(path)
        self.kind = kind
        self.most = most
        self.size = 0
        self.rows = TableRows(kind)
        self._temporary: Path | None = None
        self._file: BinaryIO | None = None

    def __enter__(self) -> ResponseFile:
        target = Path(self.path)
        if target.is_dir() or not target.name:
            raise FileFailed(f"{self.path} is a folder; expected a file.", path=self.path, written=True)
        temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.part")
        try:
            self._file = os.fdopen(os.open(temporary, _NEW, 0o666), "w+b", buffering=0)
        except (OSError, ValueError) as error:
            raise _failed(self.path, error, written=True) from error
        self._temporary = temporary
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink(missing_ok=True)

    def restart(self) -> None:
        """Discard the output of an earlier attempt."""
        if self.size and self._file is not None:
            self._file.seek(0)
            self._file.truncate()
        self.size = 0
        self.rows = TableRows(self.kind)

    def write(self, block: bytes) -> None:
        """Write the next bytes.

        Raises:
            FileFailed: the bytes cannot be written.
        """
        assert self._file is not None
        try:
            view = memoryview(block)
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise _failed(self.path, error, written=True) from error
        self.size += len(block)
        self.rows.add(block)

    def finish(self) -> None:
        """Give the file its final name; an existing file is replaced.

        Raises:
            FileFailed: the file cannot be renamed.
        """
        assert self._file is not None and self._temporary is not None
        try:
            self._file.close()
            self._temporary.replace(self.path)
        except OSError as error:
            raise _failed(self.path, error, written=True) from error
        self._temporary = None


def check_different(source: str, target: str) -> None:
    """Check that the prediction does not replace the table that is sent.

    Args:
        source: the path of the table.
        target: the path of the prediction.

    Raises:
        InvalidInput: both are the same file.
    """
    with contextlib.suppress(OSError):
        if Path(source).samefile(target):
            raise InvalidInput(f"{target} is the input file; choose another output path.")


def _failed(path: str, error: OSError | ValueError, *, written: bool) -> FileFailed:
    verb = "written" if written else "read"
    number = error.errno if isinstance(error, OSError) else None
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return FileFailed(f"{path} cannot be {verb}: {reason}.", path=path, written=written, errno=number)
