"""Finds out what the content of a knowledge file is. The file's name has no say in it."""

from __future__ import annotations

import re
from io import BytesIO

from pybrain_runtime.errors import KnowledgeError, LimitExceeded
from pybrain_runtime.limits import Limits
from pybrain_runtime.loading.budget import Budget

_INPUT, _OUTPUT = 1 << 16, 1 << 18
_MEMBERS = 64
_BLANKS = 4_096
_MARK = b"\xef\xbb\xbf"
_NOT_BLANK = re.compile(rb"[^\0 \r\n\t]")
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


def decompress(data: bytes, name: str, limits: Limits, budget: Budget | None = None) -> bytes:
    """Return the content of a gz or bz2 file, or the data itself where it is neither.

    Args:
        data: the whole file.
        name: its name, for messages.
        limits: bytes that it may unpack to.
        budget: the CPU time that the file has left; None begins a new one.

    Raises:
        KnowledgeError: it is damaged, packed twice, or unpacks to more than the limit.
    """
    if data.startswith(_GZIP):
        plain = _gunzip(data, name, limits.file_size, budget or Budget(name, limits))
    elif data.startswith(_BZIP2):
        plain = _bunzip(data, name, limits.file_size, budget or Budget(name, limits))
    else:
        return data
    if plain.startswith((_GZIP, _BZIP2)):
        raise KnowledgeError(f"{name} is compressed twice.", hint="Decompress it once.")
    return plain


def is_xml(data: bytes) -> bool:
    """Says whether the content is XML rather than a pickle."""
    # Only the beginning is looked at: a copy without the blanks in front would be as large as the file.
    return data[: _BLANKS + len(_MARK)].removeprefix(_MARK).lstrip()[:1] == b"<"


def check_not_other_format(data: bytes, name: str) -> None:
    """Raise KnowledgeError for content that is neither XML nor a pickle, and says what it is."""
    if not data:
        raise KnowledgeError(f"{name} is empty; expected a network.", hint="Save the network again.")
    if not _NOT_BLANK.search(data):
        raise KnowledgeError(f"{name} contains only whitespace; expected a network.")
    for start, mark, what in _FOREIGN:
        if data.startswith(mark, start):
            raise KnowledgeError(
                f"{name} is {what}, not a PyBrain network.",
                hint="Give a network saved by PyBrain, as a pickle or with NetworkWriter.",
            )


def _gunzip(data: bytes, name: str, limit: int, budget: Budget) -> bytes:
    import zlib  # rare, so it is not loaded at every start

    plain = BytesIO()  # grows in place; a list of parts would be twice as large when it is joined
    position, members = 0, 0
    while position < len(data):
        members = _check_members(members + 1, name)
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            # What a call leaves over is copied, so only a small block of the input is given to it.
            block = member.unconsumed_tail or data[position : position + _INPUT]
            position += 0 if member.unconsumed_tail else len(block)
            try:
                part = member.decompress(block, _OUTPUT)
            except zlib.error as error:
                raise _damaged(name, "gzip", error) from None
            if not block and not part and not member.eof:
                raise _damaged(name, "gzip", EOFError("it ends too early"))
            plain.write(part)
            _check_size(plain.tell(), limit, name)
            budget.check_time()
        position -= len(member.unused_data)
    return plain.getvalue()


def _bunzip(data: bytes, name: str, limit: int, budget: Budget) -> bytes:
    from bz2 import BZ2Decompressor  # rare, so it is not loaded at every start

    plain = BytesIO()
    position, members = 0, 0
    while position < len(data):
        members = _check_members(members + 1, name)
        member = BZ2Decompressor()
        while not member.eof:
            block = data[position : position + _INPUT] if member.needs_input else b""
            if member.needs_input and not block:
                raise _damaged(name, "bzip2", EOFError("it ends too early"))
            position += len(block)
            try:
                plain.write(member.decompress(block, _OUTPUT))
            except OSError as error:
                raise _damaged(name, "bzip2", error) from None
            _check_size(plain.tell(), limit, name)
            budget.check_time()
        position -= len(member.unused_data)
    return plain.getvalue()


def _check_size(size: int, limit: int, name: str) -> None:
    if size > limit:
        raise LimitExceeded(f"{name} exceeds the limit of {limit:,} bytes after decompression.", limit=limit)


def _check_members(members: int, name: str) -> int:
    if members > _MEMBERS:
        raise KnowledgeError(f"{name} exceeds the limit of {_MEMBERS} compressed members.")
    return members


def _damaged(name: str, kind: str, error: Exception) -> KnowledgeError:
    return KnowledgeError(f"{name} is a damaged {kind} file: {error}.", hint="Copy or compress it again.")
