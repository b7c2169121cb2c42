"""The table of contents of a zip file, before `zipfile` reads it: how many names, and how much beside them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from evaluation.errors import NoSubmission
from evaluation.quotas import MIB, Limits

# A name takes about a hundred bytes, and 20,000 of them two megabytes.
LARGEST_CONTENTS = 8 * MIB
_END, _LOCATOR, _END64, _ENTRY = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06", b"PK\x01\x02"
_HINT = "Hand in a folder or a .zip file of the usual kind."


def check_contents(path: Path, limits: Limits) -> None:
    """Refuses an archive whose table of contents is too large, or is not where its end says.

    Args:
        path: the archive.
        limits: how many files a submission may have, and how large it may be.

    Raises:
        NoSubmission: with the reason.
    """
    size = path.stat().st_size
    if size > limits.total_size:
        raise NoSubmission(f"{path.name} is larger than {limits.total_size // MIB} MB")
    with path.open("rb") as file:
        start, length, entries = _where(file, size, path.name)
        if length > LARGEST_CONTENTS or entries > limits.files:
            raise _too_many(path.name, entries, limits)
        file.seek(start)
        contents = file.read(length)
    found = _count(contents, limits.files)
    if found > limits.files:
        raise _too_many(path.name, max(found, entries), limits)
    if found != entries and found % 0x10000 != entries:
        raise NoSubmission(
            f"{path.name} is damaged: it says that it has {entries:,} entries, and has {found:,}", hint=_HINT
        )


def _too_many(name: str, entries: int, limits: Limits) -> NoSubmission:
    if entries <= limits.files:
        return NoSubmission(
            f"{name} has a table of contents of more than {LARGEST_CONTENTS // MIB} MB", hint=_HINT
        )
    many = "65,535 or more" if entries == 0xFFFF else f"{entries:,}"
    return NoSubmission(f"{name} has {many} entries; {limits.files:,} are allowed")


def _where(file: BinaryIO, size: int, name: str) -> tuple[int, int, int]:
    """Where the table begins, how long it is, and how many entries it says it has."""
    begin = max(0, size - 66_000)
    file.seek(begin)
    tail = file.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) < place + 22:
        raise NoSubmission(f"{name} is no zip file", hint="Hand in a folder or a .zip file.")
    entries, length = struct.unpack_from("<HI", tail, place + 10)
    end = begin + place
    if tail[max(0, place - 20) : place].startswith(_LOCATOR):
        # The larger form, which some packers write for small archives, too: its figures stand before the locator.
        record = tail[max(0, place - 76) : place - 20]
        if len(record) < 56 or not record.startswith(_END64):
            raise NoSubmission(f"{name} is damaged: its end of the larger form (zip64) is not in its place")
        entries, length = struct.unpack_from("<QQ", record, 32)
        end -= 76
    if length > end:
        raise NoSubmission(
            f"{name} is damaged: its table of contents would begin before the file", hint=_HINT
        )
    return end - length, length, entries


def _count(contents: bytes, most: int) -> int:
    """The entries of a table; stops where there are more than allowed."""
    place = count = 0
    while contents[place : place + 4] == _ENTRY and len(contents) >= place + 46:
        name, extra, comment = struct.unpack_from("<HHH", contents, place + 28)
        place += 46 + name + extra + comment
        count += 1
        if count > most:
            break
    return count
