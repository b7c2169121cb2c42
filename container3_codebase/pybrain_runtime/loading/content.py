"""Detects the format of a knowledge file from its content, and decompresses it."""

from __future__ import annotations

import re
from io import BytesIO

from pybrain_runtime.errors import KnowledgeError, LimitExceeded
from pybrain_runtime.io.signatures import BZIP2, GZIP, UTF8_BOM, ZIP
from pybrain_runtime.limits import Limits
from pybrain_runtime.loading.budget import Budget

_INPUT, _OUTPUT = 1 << 16, 1 << 18
_MEMBERS = 64
_LEADING_WHITESPACE = 4_096
_NOT_WHITESPACE = re.compile(rb"[^\0 \r\n\t]")
_OTHER_FORMATS = (
    # Offset, signature, and name of the format.
    (0, ZIP, "a zip archive (PyTorch and Keras save such files)"),
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
    """Return the decompressed content of a gzip or bzip2 file; other data are returned as they are.

    Args:
        data: the whole file.
        name: its name, for messages.
        limits: the limits; that on the decompressed size applies.
        budget: what is left of the limits; None if nothing has been used yet.

    Raises:
        KnowledgeError: the data are damaged or compressed twice, or exceed the limit after decompression.
    """
    if data.startswith(GZIP):
        plain = _gunzip(data, name, limits.file_size, budget or Budget(name, limits))
    elif data.startswith(BZIP2):
        plain = _bunzip(data, name, limits.file_size, budget or Budget(name, limits))
    else:
        return data
    if plain.startswith((GZIP, BZIP2)):
        raise KnowledgeError(f"{name} is compressed twice.", hint="Decompress it once.")
    return plain


def is_xml(data: bytes) -> bool:
    """Return whether content is XML rather than a pickle."""
    # Only the first bytes are copied: a copy without leading whitespace could be as large as the file.
    return data[: _LEADING_WHITESPACE + len(UTF8_BOM)].removeprefix(UTF8_BOM).lstrip()[:1] == b"<"


def check_not_other_format(data: bytes, name: str) -> None:
    """Check that content does not have another known format.

    Args:
        data: the content.
        name: the name of the file, for messages.

    Raises:
        KnowledgeError: the content has such a format; the message names it.
    """
    if not data:
        raise KnowledgeError(f"{name} is empty; expected a network.", hint="Save the network again.")
    if not _NOT_WHITESPACE.search(data):
        raise KnowledgeError(f"{name} contains only whitespace; expected a network.")
    for start, signature, what in _OTHER_FORMATS:
        if data.startswith(signature, start):
            raise KnowledgeError(
                f"{name} is {what}, not a PyBrain network.",
                hint="Use a network saved by PyBrain, as a pickle or with NetworkWriter.",
            )


def _gunzip(data: bytes, name: str, limit: int, budget: Budget) -> bytes:
    import zlib  # rare, so it is not loaded at every start

    plain = BytesIO()  # grows in place; joining a list of parts would take twice the memory
    position, members = 0, 0
    while position < len(data):
        members = _check_members(members + 1, name)
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            # Unconsumed input is copied by each call, so the input is passed in small blocks.
            block = member.unconsumed_tail or data[position : position + _INPUT]
            position += 0 if member.unconsumed_tail else len(block)
            try:
                part = member.decompress(block, _OUTPUT)
            except zlib.error as error:
                raise _damaged(name, "gzip", error) from None
            if not block and not part and not member.eof:
                raise _damaged(name, "gzip", EOFError("unexpected end of file"))
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
                raise _damaged(name, "bzip2", EOFError("unexpected end of file"))
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
