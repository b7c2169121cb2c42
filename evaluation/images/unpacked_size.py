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
# An extended header of a file; tools write a few hundred bytes.
_LARGEST_HEADER = 1024 * 1024
_COMPRESSIONS = {b"\x1f\x8b\x08": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
_MEMORY = 128 * 1024 * 1024
_UNKNOWN = b"\x28\xb5\x2f\xfd"  # zstd: newer engines unpack it; it is not supported here


class UnpackedTooLarge(ValueError):
    """An archive that unpacks to more bytes than are allowed, or to an unknown size."""


def unpacked_size(file: BinaryIO, most: int) -> int:
    """Return how many bytes the files of a tar archive take, compressed or not; 0 if it is not an archive.

    Args:
        file: the archive, at its beginning.
        most: the limit in bytes.

    Raises:
        UnpackedTooLarge: It is more than the limit, or unknown.
    """
    start = file.read(8)
    file.seek(0)
    if start.startswith(_UNKNOWN):
        raise UnpackedTooLarge
    packer = next((name for magic, name in _COMPRESSIONS.items() if start.startswith(magic)), "")
    stream = _Stream(_unpacked(file, packer) if packer else iter(lambda: file.read(_CHUNK), b""), most)
    try:
        return _files(stream, most)
    except (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, UnpackedTooLarge) or "Memory" in str(error):
            raise UnpackedTooLarge from error
        return stream.taken  # damaged: the engine stops here as well


def _decompressor(packer: str) -> Any:
    if packer == "gzip":
        return zlib.decompressobj(31)
    return bz2.BZ2Decompressor() if packer == "bzip2" else lzma.LZMADecompressor(memlimit=_MEMORY)


def _unpacked(file: BinaryIO, packer: str) -> Iterator[bytes]:
    job, packed = _decompressor(packer), b""
    while True:
        if job.eof:  # another compressed member may follow
            packed, job = job.unused_data, _decompressor(packer)
        if packer == "gzip":
            packed = packed or job.unconsumed_tail or file.read(_CHUNK)
        elif job.needs_input:
            packed = packed or file.read(_CHUNK)
        piece = job.decompress(packed, _CHUNK)
        if not piece and not packed and not job.eof:
            return
        packed = b""
        yield piece


class _Stream:
    """Reads a given number of bytes from chunks, up to a limit in total."""

    def __init__(self, pieces: Iterator[bytes], most: int) -> None:
        self.pieces = pieces
        self.most = most
        self.taken = 0
        self._held = b""

    def read(self, count: int, *, keep: bool = True) -> bytes:
        """Return the next bytes.

        Args:
            count: number of bytes.
            keep: False skips them without keeping them in memory.

        Raises:
            EOFError: There are fewer bytes.
        """
        kept = []
        while count:
            if not self._held:
                self._held = self._next()
            piece, self._held = self._held[:count], self._held[count:]
            count -= len(piece)
            if keep:
                kept.append(piece)
        return b"".join(kept)

    def _next(self) -> bytes:
        for piece in self.pieces:
            self.taken += len(piece)
            if self.taken > self.most + _LARGEST_HEADER:
                raise UnpackedTooLarge
            if piece:
                return piece
        raise EOFError


def _files(stream: _Stream, most: int) -> int:
    total, given = 0, None
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
            given = _size_in_header(stream.read(_round_up(size))[:size], given)
            continue
        if kind == b"S":
            raise UnpackedTooLarge  # a sparse file: a few bytes stand for any number
        size = size if given is None else given
        given = None
        total += size + _BLOCK
        if total > most:
            raise UnpackedTooLarge
        stream.read(_round_up(size) if kind in b"0\0" + b"7" else 0, keep=False)


def _size_in_header(records: bytes, given: int | None) -> int | None:
    """Return the size of the next file from an extended header."""
    if b"GNU.sparse" in records:
        raise UnpackedTooLarge
    found = re.findall(rb" size=(\d{1,15})\n", records)
    return int(found[-1]) if found else given


def _is_header(header: bytes) -> bool:
    """Return whether the checksum is right; signed and unsigned sums are both in use."""
    rest = header[:148] + b" " * 8 + header[156:]
    return _octal(header[148:156]) in (sum(rest), sum(rest) - 256 * sum(byte > 127 for byte in rest))


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big") | ((field[0] & 0x3F) << 88)
    found = _octal(field)
    if found is None:
        raise UnpackedTooLarge
    return found


def _octal(field: bytes) -> int | None:
    text = field.strip(b" \0").partition(b"\0")[0]
    return int(text or b"0", 8) if re.fullmatch(rb"[0-7]*", text) else None


def _round_up(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
