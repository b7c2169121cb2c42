"""The unpacked size of an archive, without unpacking it: ADD unpacks archives outside the limits of a build."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

_BLOCK = 512
_CHUNK = 64 * 1024
# Maximum size of an extended header; tools write a few hundred bytes.
_LARGEST_HEADER = 1024 * 1024
_COMPRESSIONS = {b"\x1f\x8b\x08": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
_MEMORY = 128 * 1024 * 1024
_UNKNOWN = b"\x28\xb5\x2f\xfd"  # zstd: newer engines unpack it; it is not supported here


class UnpackedTooLarge(ValueError):
    """An archive that unpacks to more bytes than are allowed, or to an unknown size."""


def unpacked_size(file: BinaryIO, limit: int) -> int:
    """Return how many bytes the files of a tar archive take, compressed or not; 0 if the file is not an archive.

    Args:
        file: the archive, at its beginning.
        limit: the limit in bytes.

    Raises:
        UnpackedTooLarge: the size exceeds the limit, or is unknown.
    """
    start = file.read(8)
    file.seek(0)
    if start.startswith(_UNKNOWN):
        raise UnpackedTooLarge
    compression = next((name for magic, name in _COMPRESSIONS.items() if start.startswith(magic)), "")
    stream = _Stream(
        _unpacked(file, compression) if compression else iter(lambda: file.read(_CHUNK), b""), limit
    )
    try:
        return _files(stream, limit)
    except (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, UnpackedTooLarge) or "Memory" in str(error):
            raise UnpackedTooLarge from error
        return stream.consumed  # damaged: the engine stops here as well


def _decompressor(compression: str) -> Any:
    if compression == "gzip":
        return zlib.decompressobj(31)
    return bz2.BZ2Decompressor() if compression == "bzip2" else lzma.LZMADecompressor(memlimit=_MEMORY)


def _unpacked(file: BinaryIO, compression: str) -> Iterator[bytes]:
    decompressor, compressed = _decompressor(compression), b""
    while True:
        if decompressor.eof:  # another compressed member may follow
            compressed, decompressor = decompressor.unused_data, _decompressor(compression)
        if compression == "gzip":
            compressed = compressed or decompressor.unconsumed_tail or file.read(_CHUNK)
        elif decompressor.needs_input:
            compressed = compressed or file.read(_CHUNK)
        chunk = decompressor.decompress(compressed, _CHUNK)
        if not chunk and not compressed and not decompressor.eof:
            return
        compressed = b""
        yield chunk


class _Stream:
    """Reads a given number of bytes from chunks, up to a limit in total."""

    def __init__(self, chunks: Iterator[bytes], limit: int) -> None:
        self.chunks = chunks
        self.limit = limit
        self.consumed = 0
        self._buffer = b""

    def read(self, count: int, *, keep: bool = True) -> bytes:
        """Return the next bytes.

        Args:
            count: the number of bytes.
            keep: whether to return the bytes; False skips them without keeping them in memory.

        Raises:
            EOFError: there are fewer bytes.
        """
        chunks = []
        while count:
            if not self._buffer:
                self._buffer = self._next()
            chunk, self._buffer = self._buffer[:count], self._buffer[count:]
            count -= len(chunk)
            if keep:
                chunks.append(chunk)
        return b"".join(chunks)

    def _next(self) -> bytes:
        for chunk in self.chunks:
            self.consumed += len(chunk)
            if self.consumed > self.limit + _LARGEST_HEADER:
                raise UnpackedTooLarge
            if chunk:
                return chunk
        raise EOFError


def _files(stream: _Stream, limit: int) -> int:
    total, stated_size = 0, None
    while True:
        try:
            header = stream.read(_BLOCK)
        except EOFError:
            return total
        if not header.strip(b"\0"):
            return total
        if not _is_header(header):
            return total
        size, kind = _number(header[124:136]), header[156:157]
        if kind in b"xgLK":
            if size > _LARGEST_HEADER:
                raise UnpackedTooLarge
            stated_size = _size_in_header(stream.read(_round_up(size))[:size], stated_size)
            continue
        if kind == b"S":
            raise UnpackedTooLarge  # a sparse file: a few bytes stand for any number
        size = size if stated_size is None else stated_size
        stated_size = None
        total += size + _BLOCK
        if total > limit:
            raise UnpackedTooLarge
        stream.read(_round_up(size) if kind in b"0\0" + b"7" else 0, keep=False)


def _size_in_header(records: bytes, stated_size: int | None) -> int | None:
    """Return the size of the next file from an extended header."""
    if b"GNU.sparse" in records:
        raise UnpackedTooLarge
    sizes = re.findall(rb" size=(\d{1,15})\n", records)
    return int(sizes[-1]) if sizes else stated_size


def _is_header(header: bytes) -> bool:
    """Return whether the checksum is right; signed and unsigned sums are both in use."""
    rest = header[:148] + b" " * 8 + header[156:]
    return _octal(header[148:156]) in (sum(rest), sum(rest) - 256 * sum(byte > 127 for byte in rest))


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big") | ((field[0] & 0x3F) << 88)
    size = _octal(field)
    if size is None:
        raise UnpackedTooLarge
    return size


def _octal(field: bytes) -> int | None:
    text = field.strip(b" \0").partition(b"\0")[0]
    return int(text or b"0", 8) if re.fullmatch(rb"[0-7]*", text) else None


def _round_up(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
