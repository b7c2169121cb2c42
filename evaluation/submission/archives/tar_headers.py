"""Read the headers of an untrusted tar archive one at a time: ustar, GNU and pax, with bounded names and sizes.

`tarfile` keeps all entries in memory, expands sparse files, and stops without an error at the first damaged header.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from evaluation.submission.archives.byte_source import ByteSource

BLOCK = 512
# A path has at most some thousand bytes, but a pax header may also contain extended attributes.
_LONGEST_NAME = 16 * 1024
_LARGEST_PAX = 1024 * 1024
_CHECKSUM = slice(148, 156)


class Kind(StrEnum):
    """The kind of an archive entry."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    HARD_LINK = "hard link"
    SPARSE = "sparse"
    SPECIAL = "special"


_KINDS = {
    **dict.fromkeys((b"0", b"\0", b"7"), Kind.FILE),
    b"1": Kind.HARD_LINK,
    b"2": Kind.LINK,
    b"5": Kind.FOLDER,
    b"S": Kind.SPARSE,
}
# Kinds of entries without content, regardless of the size in their header.
_EMPTY = frozenset((b"1", b"2", b"3", b"4", b"5", b"6"))


class TarError(ValueError):
    """The archive is damaged."""


@dataclass(frozen=True)
class TarEntry:
    """One entry of an archive.

    Attributes:
        name: its path, as written in the archive.
        kind: file, folder, link, hard link, or a kind that is not unpacked.
        size: the size of its content in bytes.
        mode: its permissions.
        target: the target of a link, as written in the archive.
    """

    name: str
    kind: Kind
    size: int
    mode: int
    target: str = ""


@dataclass(frozen=True)
class _Extension:
    """The values that extended headers set for the next entry."""

    name: str = ""
    target: str = ""
    size: int | None = None
    sparse: bool = False


def next_entry(source: ByteSource) -> TarEntry | None:
    """Return the next entry of an archive; None at the end.

    Args:
        source: the archive, positioned at a header: the content of the previous entry must have been read or skipped.

    Raises:
        TarError: the archive is damaged, or a header is too large.
    """
    extension = _Extension()
    while True:
        header = source.read(BLOCK)
        if not header.strip(b"\0"):
            return None
        if len(header) < BLOCK:
            raise TarError("unexpected end of file in a header")
        _check(header)
        flag, size = header[156:157], _number(header[124:136])
        if flag in (b"L", b"K"):
            text = _text(source.read_padded(_bounded(size, _LONGEST_NAME), BLOCK))
            extension = replace(extension, name=text) if flag == b"L" else replace(extension, target=text)
        elif flag in (b"x", b"X"):
            extension = _with_pax(extension, source.read_padded(_bounded(size, _LARGEST_PAX), BLOCK))
        elif flag == b"g":  # applies to all entries: comments, such as those of `git archive`
            source.read_padded(_bounded(size, _LARGEST_PAX), BLOCK)
        else:
            if flag == b"S" and header[482]:
                while source.read(BLOCK)[504:505] not in (b"", b"\0"):
                    pass  # the rest of the map of a sparse file
            return _entry(header, flag, size, extension)


def _entry(header: bytes, flag: bytes, size: int, extension: _Extension) -> TarEntry:
    name = extension.name or _text(header[:100])
    if not extension.name and header[257:263] == b"ustar\0" and header[345] != 0:
        name = f"{_text(header[345:500])}/{name}"
    kind = _KINDS.get(flag, Kind.SPECIAL)
    if kind == Kind.FILE and name.endswith("/"):
        kind = Kind.FOLDER
    if extension.sparse:
        kind = Kind.SPARSE
    stated = size if extension.size is None else extension.size
    target = extension.target or _text(header[157:257])
    return TarEntry(name, kind, 0 if flag in _EMPTY else stated, _number(header[100:108]) & 0o777, target)


def _check(header: bytes) -> None:
    """Verify the checksum of a header."""
    plain = header[: _CHECKSUM.start] + b" " * 8 + header[_CHECKSUM.stop :]
    stated, found = _number(header[_CHECKSUM]), sum(plain)
    signed = found - 256 * sum(byte > 127 for byte in plain) if stated != found else found
    if stated not in (found, signed):
        raise TarError("a header does not match its checksum")


def _number(field: bytes) -> int:
    """Return the number in a field: octal digits, or GNU's binary format if the first bit is set."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    else:
        digits = field.split(b"\0")[0].strip()
        if not all(digit in b"01234567" for digit in digits):
            raise TarError("a header contains an invalid number")
        value = int(digits or b"0", 8)
    if value >= 2**62:
        raise TarError("a header contains an impossible file size")
    return value


def _bounded(size: int, limit: int) -> int:
    if size > limit:
        raise TarError(f"an extended header has {size:,} bytes; {limit:,} are allowed")
    return size


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "surrogateescape")


def _with_pax(extension: _Extension, content: bytes) -> _Extension:
    for key, value in _pax_records(content):
        if key == b"path":
            extension = replace(extension, name=value.decode("utf-8", "surrogateescape"))
        elif key == b"linkpath":
            extension = replace(extension, target=value.decode("utf-8", "surrogateescape"))
        elif key == b"size":
            if not value.isdigit() or len(value) > 18:
                raise TarError("an extended header contains an invalid size")
            extension = replace(extension, size=int(value))
        elif key.startswith(b"GNU.sparse."):
            extension = replace(extension, sparse=True)
    return extension


def _pax_records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the records of a pax header: ``LENGTH KEY=VALUE`` and a line feed, with the length of the whole record."""
    position = 0
    while position < len(content) and content[position : position + 1] != b"\0":
        digits, blank, _ = content[position : position + 12].partition(b" ")
        length = int(digits) if digits.isdigit() and blank else 0
        record = content[position + len(digits) + 1 : position + length]
        key, equals, value = record.partition(b"=")
        if length <= len(digits) + 1 or not equals or not value.endswith(b"\n"):
            raise TarError("an extended header is damaged")
        yield key, value[:-1]
        position += length
