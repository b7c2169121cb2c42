"""Check the size and number of entries of a zip file's central directory before `zipfile` reads it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from evaluation.errors import NoSubmission
from evaluation.quotas import MIB, Limits

# An entry takes about a hundred bytes, so 20,000 take two megabytes.
LARGEST_DIRECTORY = 8 * MIB
_END, _LOCATOR, _END64, _ENTRY = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06", b"PK\x01\x02"
_FIRST = b"PK\x03\x04"
_HINT = "Submit a folder or a plain .zip file."


def check_directory(path: Path, limits: Limits) -> None:
    """Reject an archive whose central directory is too large or not at the position in its end record.

    Args:
        path: the archive.
        limits: limits on the number of files and the size of a submission.

    Raises:
        NoSubmission: the archive is rejected.
    """
    size = path.stat().st_size
    if size > limits.total_size:
        raise NoSubmission(f"{path.name} is larger than {limits.total_size // MIB} MB")
    with path.open("rb") as file:
        start, length, entries = _where(file, size, path.name)
        if length > LARGEST_DIRECTORY or entries > limits.files:
            raise _too_many(path.name, entries, limits)
        file.seek(start)
        directory = file.read(length)
    counted = _count(directory, limits.files)
    if counted > limits.files:
        raise _too_many(path.name, max(counted, entries), limits)
    if counted != entries and counted % 0x10000 != entries:
        raise NoSubmission(
            f"{path.name} is damaged: expected {entries:,} entries, got {counted:,}", hint=_HINT
        )


def _too_many(name: str, entries: int, limits: Limits) -> NoSubmission:
    if entries <= limits.files:
        return NoSubmission(
            f"{name} has a central directory of more than {LARGEST_DIRECTORY // MIB} MB", hint=_HINT
        )
    many = "65,535 or more" if entries == 0xFFFF else f"{entries:,}"
    return NoSubmission(f"{name} has {many} entries; {limits.files:,} are allowed")


def _instead(size: int, head: bytes) -> str:
    """Return a description of a file that is not a zip file."""
    if not size:
        return "empty (0 bytes), as after a failed upload"
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page and not a zip file: a login page may have been saved instead"
    return "not a zip file"


def _where(file: BinaryIO, size: int, name: str) -> tuple[int, int, int]:
    """Return the offset and length of the central directory, and the number of entries according to the end record."""
    head = file.read(512)
    is_zip = head.startswith(_FIRST)
    start = max(0, size - 66_000)
    file.seek(start)
    tail = file.read()
    position = tail.rfind(_END)
    if is_zip and (position < 0 or len(tail) < position + 22):
        raise NoSubmission(
            f"{name} is damaged: its end is missing, as after an interrupted upload", hint=_HINT
        )
    if position < 0 or len(tail) < position + 22:
        raise NoSubmission(f"{name} is {_instead(size, head)}", hint="Submit a folder or a .zip file.")
    entries, length = struct.unpack_from("<HI", tail, position + 10)
    end = start + position
    if tail[max(0, position - 20) : position].startswith(_LOCATOR):
        # Zip64, which some archivers use even for small archives: its record precedes the locator.
        record = tail[max(0, position - 76) : position - 20]
        if len(record) < 56 or not record.startswith(_END64):
            raise NoSubmission(f"{name} is damaged: its zip64 end record was not found")
        entries, length = struct.unpack_from("<QQ", record, 32)
        end -= 76
    if length > end:
        raise NoSubmission(
            f"{name} is damaged: its central directory would begin before the file", hint=_HINT
        )
    return end - length, length, entries


def _count(directory: bytes, limit: int) -> int:
    """Return the number of entries of a central directory, counting at most up to the limit."""
    position = count = 0
    while directory[position : position + 4] == _ENTRY and len(directory) >= position + 46:
        name, extra, comment = struct.unpack_from("<HHH", directory, position + 28)
        position += 46 + name + extra + comment
        count += 1
        if count > limit:
            break
    return count
