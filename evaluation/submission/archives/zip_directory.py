"""Check the central directory of a zip file before `zipfile` reads it: its size and its number of entries."""

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
    """Reject an archive whose central directory is too large, or not where its end record says.

    Args:
        path: the archive.
        limits: limits on the number of files and the size of a submission.

    Raises:
        NoSubmission: The archive is rejected.
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
    """Return what a file is that is no zip file."""
    if not size:
        return "empty (0 bytes), as after an upload that failed"
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page and not a zip file: a page of a login may have been saved in its place"
    return "not a zip file"


def _where(file: BinaryIO, size: int, name: str) -> tuple[int, int, int]:
    """Return the offset and the length of the central directory, and its stated number of entries."""
    head = file.read(512)
    is_zip = head.startswith(_FIRST)
    start = max(0, size - 66_000)
    file.seek(start)
    tail = file.read()
    position = tail.rfind(_END)
    if is_zip and (position < 0 or len(tail) < position + 22):
        raise NoSubmission(
            f"{name} is damaged: its end is missing, as after an upload that was cut off", hint=_HINT
        )
    if position < 0 or len(tail) < position + 22:
        raise NoSubmission(f"{name} is {_instead(size, head)}", hint="Submit a folder or a .zip file.")
    entries, length = struct.unpack_from("<HI", tail, position + 10)
    end = start + position
    if tail[max(0, position - 20) : position].startswith(_LOCATOR):
        # Zip64, which some packers use for small archives as well: its record precedes the locator.
        record = tail[max(0, position - 76) : position - 20]
        if len(record) < 56 or not record.startswith(_END64):
            raise NoSubmission(f"{name} is damaged: its zip64 end record is not in its place")
        entries, length = struct.unpack_from("<QQ", record, 32)
        end -= 76
    if length > end:
        raise NoSubmission(
            f"{name} is damaged: its central directory would begin before the file", hint=_HINT
        )
    return end - length, length, entries


def _count(directory: bytes, limit: int) -> int:
    """Return the number of entries of a central directory; stop when there are more than allowed."""
    position = count = 0
    while directory[position : position + 4] == _ENTRY and len(directory) >= position + 46:
        name, extra, comment = struct.unpack_from("<HHH", directory, position + 28)
        position += 46 + name + extra + comment
        count += 1
        if count > limit:
            break
    return count
