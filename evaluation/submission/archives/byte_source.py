"""The content of a tar archive as a stream of bytes, decompressed in chunks up to a limit."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from evaluation.errors import NoSubmission
from evaluation.quotas import MIB
from evaluation.submission.archives.kinds import BZIP2, GZIP, XZ
from evaluation.submission.copying import CHUNK

# The largest accepted dictionary; archivers use at most 64 MB.
_XZ_MEMORY = 96 * MIB


class ByteSource:
    """Reads exactly the requested number of bytes.

    Args:
        pieces: the bytes, in chunks of any size.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")

    def read(self, count: int) -> bytes:
        """Return the next bytes; fewer only at the end of the stream.

        Args:
            count: the number of bytes, all of which are kept in memory.
        """
        parts: list[memoryview] = []
        while count > 0:
            if not self._piece:
                self._piece = memoryview(next(self._pieces, b""))
                if not self._piece:
                    break
            parts.append(self._piece[:count])
            self._piece = self._piece[count:]
            count -= len(parts[-1])
        return b"".join(parts)

    def read_padded(self, count: int, block: int) -> bytes:
        """Return the next bytes and skip the rest of their last block.

        Args:
            count: the number of bytes.
            block: the size of a block in bytes.
        """
        return self.read(count + -count % block)[:count]

    def chunks(self, count: int) -> Iterator[bytes]:
        """Yield the next bytes in chunks of bounded size; fewer only at the end of the stream.

        Args:
            count: the number of bytes.
        """
        while count > 0 and (chunk := self.read(min(count, CHUNK))):
            count -= len(chunk)
            yield chunk


class _Decompressor(Protocol):
    """The common interface of the decompressors of bz2 and lzma."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """A gzip decompressor with the interface of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max(max_length, 0))


def _decompressor(kind: str) -> _Decompressor:
    if kind == GZIP:
        return _Gzip()
    return bz2.BZ2Decompressor() if kind == BZIP2 else lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)


def pieces_of(file: BinaryIO, kind: str, allowed: int) -> Iterator[bytes]:
    """Yield the decompressed content of a file in chunks of bounded size.

    Args:
        file: the file.
        kind: its compression: gz, bz2 or xz; any other string for none.
        allowed: the maximum number of decompressed bytes.

    Raises:
        NoSubmission: the decompressed content is larger than allowed.
        EOFError, OSError, ValueError, zlib.error, lzma.LZMAError: the file is damaged.
    """
    plain = iter(lambda: file.read(CHUNK), b"")
    total = 0
    for piece in _decompressed(file, kind) if kind in (GZIP, BZIP2, XZ) else plain:
        total += len(piece)
        if total > allowed:
            raise NoSubmission("it unpacks to far more bytes than the archive has: a decompression bomb")
        yield piece


def _decompressed(file: BinaryIO, kind: str) -> Iterator[bytes]:
    decompressor = _decompressor(kind)
    while True:
        compressed = file.read(CHUNK) if decompressor.needs_input else b""
        if not compressed and decompressor.needs_input:
            raise EOFError("unexpected end of file")
        if piece := decompressor.decompress(compressed, CHUNK):
            yield piece
        if decompressor.eof:
            # Some archivers write several consecutive streams, and zeros as padding.
            rest = (decompressor.unused_data or file.read(CHUNK)).lstrip(b"\0")
            if not rest:
                return
            file.seek(-len(rest), 1)
            decompressor = _decompressor(kind)
