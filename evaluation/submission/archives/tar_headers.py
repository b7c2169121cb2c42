"""Read the headers of an untrusted tar archive one at a time: ustar, GNU and pax, with bounded names and sizes.

`tarfile` keeps what it reads, builds sparse files, and ends without an error at the first damaged header.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from evaluation.submission.archives.byte_source import ByteSource

BLOCK = 512
# A path has at most some thousand bytes; a pax header may hold extended attributes as well.
_LONGEST_NAME = 16 * 1024
_LARGEST_PAX = 1024 * 1024
_CHECKSUM = slice(148, 156)


class Kind(StrEnum):
    """What an entry of an archive is."""

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
# Entries without content, whatever size their header states.
_EMPTY = frozenset((b"1", b"2", b"3", b"4", b"5", b"6"))


class TarError(ValueError):
    """The archive is damaged; the message says where."""


@dataclass(frozen=True)
class TarEntry:
    """One entry of an archive.

    Attributes:
        name: its path, as it is written.
        kind: file, folder, link, hard link, or what is not unpacked.
        size: bytes of content that follow its header.
        mode: its permissions.
        target: where a link leads to, as it is written.
    """

    name: str
    kind: Kind
    size: int
    mode: int
    target: str = ""


@dataclass(frozen=True)
class _Extension:
    """What extended headers say of the next entry."""

    name: str = ""
    target: str = ""
    size: int | None = None
    sparse: bool = False


def next_entry(source: ByteSource) -> TarEntry | None:
    """Return the next entry of an archive; None at its end. Its content must have been read or skipped.

    Args:
        source: the archive, at the beginning of a header.

    Raises:
        TarError: it is damaged, or a header is too large.
    """
    extension = _Extension()
    while True:
        header = source.read(BLOCK)
        if not header.strip(b"\0"):
            return None
        if len(header) < BLOCK:
            raise TarError("it ends within a header")
        _check(header)
        flag, size = header[156:157], _number(header[124:136])
        if flag in (b"L", b"K"):
            text = _text(source.read_padded(_bounded(size, _LONGEST_NAME), BLOCK))
            extension = replace(extension, name=text) if flag == b"L" else replace(extension, target=text)
        elif flag in (b"x", b"X"):
            extension = _with_pax(extension, source.read_padded(_bounded(size, _LARGEST_PAX), BLOCK))
        elif flag == b"g":  # of all entries: comments, as those of `git archive`
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
    """Compare a header with its checksum."""
    plain = header[: _CHECKSUM.start] + b" " * 8 + header[_CHECKSUM.stop :]
    stated, found = _number(header[_CHECKSUM]), sum(plain)
    signed = found - 256 * sum(byte > 127 for byte in plain) if stated != found else found
    if stated not in (found, signed):
        raise TarError("a header does not match its checksum")


def _number(field: bytes) -> int:
    """Return a number: octal digits, or GNU's binary form with the first bit set."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    else:
        digits = field.split(b"\0")[0].strip()
        if not all(digit in b"01234567" for digit in digits):
            raise TarError("a header holds a number that is none")
        value = int(digits or b"0", 8)
    if value >= 2**62:
        raise TarError("a header states a size that no file has")
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
                raise TarError("an extended header states a size that is none")
            extension = replace(extension, size=int(value))
        elif key.startswith(b"GNU.sparse."):
            extension = replace(extension, sparse=True)
    return extension


def _pax_records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the records of a pax header: ``LENGTH KEY=VALUE`` and a line end, the length with all of these."""
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
