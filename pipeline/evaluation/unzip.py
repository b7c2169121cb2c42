"""Unpacks a zip file that nobody trusts: no path climbs out, and a few bytes do not become a disk full."""

from __future__ import annotations

import lzma
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.evaluation.copying import CHUNK, LEFT_OUT, Copy
from pipeline.evaluation.errors import NoSubmission
from pipeline.evaluation.limits import MIB, Limits

# The table of contents of an archive that is read into memory at once; a name takes about a hundred bytes.
LARGEST_CONTENTS = 16 * MIB


def unzip(path: Path, copy: Copy, limits: Limits) -> None:
    """Unpacks an archive.

    Raises:
        NoSubmission: it is no zip file, it is damaged or encrypted, it is too large, or a path climbs out.
    """
    _refuse_large_contents(path, limits)
    with _reading(path.name):
        archive = zipfile.ZipFile(path)
    with archive:
        entries = archive.infolist()
        if len(entries) > limits.files:
            raise NoSubmission(f"{path.name} has {len(entries):,} entries; {limits.files:,} are allowed")
        allowed = max(path.stat().st_size * limits.ratio, 16 * MIB)
        unpacked = 0
        for entry in entries:
            unpacked += _entry(archive, entry, copy, allowed - unpacked)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Says of a damaged archive that it is one; the packers have an error of their own each."""
    try:
        yield
    except (
        RuntimeError
    ) as error:  # what zipfile says of encrypted entries, and of packers that it does not know
        raise NoSubmission(f"{name} cannot be unpacked: {error}") from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise NoSubmission(f"{name} is damaged or no zip file: {error}") from error


def _refuse_large_contents(path: Path, limits: Limits) -> None:
    """Looks at the end of the file, before `zipfile` reads all names into memory."""
    size = path.stat().st_size
    if size > limits.total_size:
        raise NoSubmission(f"{path.name} is larger than {limits.total_size // MIB} MB")
    with path.open("rb") as file:
        file.seek(max(0, size - 66_000))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + 22:
        raise NoSubmission(f"{path.name} is no zip file", hint="Hand in a folder or a .zip file.")
    entries, contents = struct.unpack_from("<HI", tail, place + 10)
    if entries > limits.files or contents > LARGEST_CONTENTS:
        many = "65,535 or more" if entries == 0xFFFF else f"{entries:,}"
        raise NoSubmission(f"{path.name} has {many} entries; {limits.files:,} are allowed")


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, copy: Copy, allowed: int) -> int:
    """Unpacks one entry; returns the bytes it became."""
    parts = _parts(entry.filename)
    if not parts or any(part in LEFT_OUT for part in parts[:-1]) or parts[-1] in LEFT_OUT:
        return 0
    mode = entry.external_attr >> 16
    if entry.is_dir() or entry.filename.endswith("\\"):
        copy.make_folder(parts)
        return 0
    if stat.S_ISLNK(mode):
        target = b"".join(_pieces(archive, entry))[:4096] if entry.file_size < 4096 else b"/"
        copy.link(parts, target.decode("utf-8", "replace"))
        return 0
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        copy.remark("special", "/".join(parts), "is no file, no folder and no link")
        return 0
    written = 0

    def content() -> Iterator[bytes]:
        nonlocal written
        for chunk in _pieces(archive, entry):
            written += len(chunk)
            if written > allowed:
                raise NoSubmission(
                    f"{'/'.join(parts)} unpacks to far more than the archive's size allows: a zip bomb"
                )
            yield chunk

    copy.file(parts, content(), stat.S_IMODE(mode) or 0o644)
    return written


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of an entry, piece by piece."""
    name = Path(archive.filename or "").name
    with _reading(name):
        file = archive.open(entry)
    with file:
        while True:
            with _reading(name):
                chunk = file.read(CHUNK)
            if not chunk:
                return
            yield chunk


def _parts(name: str) -> tuple[str, ...]:
    """The folders and the name of an entry.

    Raises:
        NoSubmission: they climb out, or are a place on somebody's disk.
    """
    plain = name.replace("\\", "/")
    if plain.startswith("/") or re.match(r"[A-Za-z]:", plain) or "\0" in plain:
        raise NoSubmission(f"the archive holds {name!r}: a place on somebody's disk, not in a submission")
    parts = tuple(part for part in plain.split("/") if part not in ("", "."))
    if ".." in parts:
        raise NoSubmission(f"the archive holds {name!r}, which climbs out of the submission")
    return parts
