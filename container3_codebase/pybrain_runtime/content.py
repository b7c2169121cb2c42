"""Finds out what the content of a knowledge file is. The file's name has no say in it."""

from __future__ import annotations

from .errors import KnowledgeError
from .limits import Limits

_CHUNK = 1 << 20
_MEMBERS = 64
_GZIP, _BZIP2 = b"\x1f\x8b", b"BZh"
_FOREIGN = (
    # Where, what stands there, and what the file then is.
    (0, b"PK\x03\x04", "a zip archive (PyTorch and Keras save such files)"),
    (0, b"\x89HDF\r\n", "an HDF5 file (Keras saves such files)"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"\xfd7zXZ", "an xz archive"),
    (0, b"x\x9c", "a zlib stream (joblib saves such files)"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
    (0, b"%PDF", "a PDF document"),
    (257, b"ustar", "a tar archive"),
)


def unpacked(data: bytes, name: str, limits: Limits) -> bytes:
    """Returns the content of a gz or bz2 file, or the data itself where it is neither.

    Raises:
        KnowledgeError: it is damaged, packed twice, or unpacks to more than the limit.
    """
    if data.startswith(_GZIP):
        plain = _inflated(data, name, limits.file_size)
    elif data.startswith(_BZIP2):
        plain = _bunzipped(data, name, limits.file_size)
    else:
        return data
    if plain.startswith((_GZIP, _BZIP2)):
        raise KnowledgeError(f"{name} is compressed twice.", hint="Unpack it once.")
    return plain


def is_xml(data: bytes) -> bool:
    """Says whether the content is XML rather than a pickle."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def refuse_foreign(data: bytes, name: str) -> None:
    """Raises KnowledgeError for content that is neither XML nor a pickle, and says what it is."""
    if not data:
        raise KnowledgeError(f"{name} is empty; a network was expected.", hint="Save the network again.")
    if not data.strip(b"\0 \r\n\t"):
        raise KnowledgeError(f"{name} holds nothing but blanks; a network was expected.")
    for start, mark, what in _FOREIGN:
        if data.startswith(mark, start):
            raise KnowledgeError(
                f"{name} is {what}, not a PyBrain network.",
                hint="Give a network saved by PyBrain, as a pickle or with NetworkWriter.",
            )


def _inflated(data: bytes, name: str, limit: int) -> bytes:
    import zlib  # rare, so it is not loaded at every start

    parts: list[bytes] = []
    size, members, rest = 0, 0, data
    while rest:
        members = _few(members + 1, name)
        member = zlib.decompressobj(wbits=31)
        while rest and not member.eof:
            try:
                parts.append(member.decompress(rest, _CHUNK))
            except zlib.error as error:
                raise _damaged(name, "gzip", error) from None
            rest = member.unconsumed_tail
            size = _within(size + len(parts[-1]), limit, name)
        if not member.eof:
            raise _damaged(name, "gzip", EOFError("it ends too early"))
        rest = member.unused_data
    return b"".join(parts)


def _bunzipped(data: bytes, name: str, limit: int) -> bytes:
    from bz2 import BZ2Decompressor  # rare, so it is not loaded at every start

    parts: list[bytes] = []
    size, members, rest = 0, 0, data
    while rest:
        members = _few(members + 1, name)
        member = BZ2Decompressor()
        piece = rest
        while not member.eof:
            try:
                parts.append(member.decompress(piece, _CHUNK))
            except OSError as error:
                raise _damaged(name, "bzip2", error) from None
            size = _within(size + len(parts[-1]), limit, name)
            piece = b""
            if member.needs_input:
                raise _damaged(name, "bzip2", EOFError("it ends too early"))
        rest = member.unused_data
    return b"".join(parts)


def _within(size: int, limit: int, name: str) -> int:
    if size > limit:
        raise KnowledgeError(f"{name} unpacks to more than {limit:,} bytes, the limit.", limit=limit)
    return size


def _few(members: int, name: str) -> int:
    if members > _MEMBERS:
        raise KnowledgeError(f"{name} consists of more than {_MEMBERS} packed parts, the limit.")
    return members


def _damaged(name: str, kind: str, error: Exception) -> KnowledgeError:
    return KnowledgeError(f"{name} is a damaged {kind} file: {error}.", hint="Copy or pack it again.")
