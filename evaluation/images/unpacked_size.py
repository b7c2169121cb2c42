"""How much an archive unpacks to, without unpacking it: what ADD hands to the engine is past every limit of a build."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

_BLOCK = 512
_CHUNK = 64 * 1024
# A header that describes a file; tools write a few hundred bytes.
_LARGEST_HEADER = 1024 * 1024
_PACKERS = {b"\x1f\x8b\x08": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
_MEMORY = 128 * 1024 * 1024
_UNKNOWN = b"\x28\xb5\x2f\xfd"  # zstd: newer engines unpack it, and nothing here does


class UnpackedSizeExceeded(ValueError):
    """An archive that unpacks to more than it may, or to an amount that cannot be told."""


def unpacked_size(file: BinaryIO, most: int) -> int:
    """How many bytes the files of a tar archive take, packed or not; 0 where it is none.

    Args:
        file: the archive, at its beginning.
        most: where counting ends.

    Raises:
        TooMuch: it is more than that, or cannot be told.
    """
    start = file.read(8)
    file.seek(0)
    if start.startswith(_UNKNOWN):
        raise UnpackedSizeExceeded
    packer = next((name for magic, name in _PACKERS.items() if start.startswith(magic)), "")
    stream = _Stream(_unpacked(file, packer) if packer else iter(lambda: file.read(_CHUNK), b""), most)
    try:
        return _files(stream, most)
    except (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, UnpackedSizeExceeded) or "Memory" in str(error):
            raise UnpackedSizeExceeded from error
        return stream.taken  # damaged: the engine stops here, too


def _job(packer: str) -> Any:
    if packer == "gzip":
        return zlib.decompressobj(31)
    return bz2.BZ2Decompressor() if packer == "bzip2" else lzma.LZMADecompressor(memlimit=_MEMORY)


def _unpacked(file: BinaryIO, packer: str) -> Iterator[bytes]:
    job, packed = _job(packer), b""
    while True:
        if job.eof:  # another archive may follow in the same file
            packed, job = job.unused_data, _job(packer)
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
    """Bytes that come in pieces, read by the number, up to a limit."""

    def __init__(self, pieces: Iterator[bytes], most: int) -> None:
        self.pieces = pieces
        self.most = most
        self.taken = 0
        self._held = b""

    def read(self, count: int, *, keep: bool = True) -> bytes:
        """The next bytes; nothing is held of them where they are only passed over.

        Raises:
            EOFError: there are not as many.
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
                raise UnpackedSizeExceeded
            if piece:
                return piece
        raise EOFError


def _files(stream: _Stream, most: int) -> int:
    total, told = 0, None
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
                raise UnpackedSizeExceeded
            told = _size_told(stream.read(_padded(size))[:size], told)
            continue
        if kind == b"S":
            raise UnpackedSizeExceeded  # a file with holes: a few bytes stand for any number
        size = size if told is None else told
        told = None
        total += size + _BLOCK
        if total > most:
            raise UnpackedSizeExceeded
        stream.read(_padded(size) if kind in b"0\0" + b"7" else 0, keep=False)


def _size_told(records: bytes, told: int | None) -> int | None:
    """What an extended header says about the size of the next file."""
    if b"GNU.sparse" in records:
        raise UnpackedSizeExceeded
    found = re.findall(rb" size=(\d{1,15})\n", records)
    return int(found[-1]) if found else told


def _is_header(header: bytes) -> bool:
    """Whether the checksum is right; both ways to count it are in use."""
    rest = header[:148] + b" " * 8 + header[156:]
    return _octal(header[148:156]) in (sum(rest), sum(rest) - 256 * sum(byte > 127 for byte in rest))


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big") | ((field[0] & 0x3F) << 88)
    found = _octal(field)
    if found is None:
        raise UnpackedSizeExceeded
    return found


def _octal(field: bytes) -> int | None:
    text = field.strip(b" \0").partition(b"\0")[0]
    return int(text or b"0", 8) if re.fullmatch(rb"[0-7]*", text) else None


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
