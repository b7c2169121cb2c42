"""Unpacks a zip file that nobody trusts: no path climbs out, and a few bytes do not become a disk full."""

from __future__ import annotations

import bz2
import copy
import lzma
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from evaluation.errors import NoSubmission
from evaluation.quotas import MIB, Limits
from evaluation.submission.copying import CHUNK, LEFT_OUT, Copy
from evaluation.submission.zip_directory import check_contents

# The most that an entry packed with LZMA may make its reader keep; packers ask for 16 MB.
_LARGEST_DICTIONARY = 64 * MIB


def unzip(path: Path, target: Copy, limits: Limits) -> None:
    """Unpacks an archive.

    Raises:
        NoSubmission: it is no zip file, it is damaged or encrypted, it is too large, or a path climbs out.
    """
    check_contents(path, limits)
    with _reading(path.name):
        archive = zipfile.ZipFile(path)
    with archive:
        entries = archive.infolist()
        if len(entries) > limits.files:
            raise NoSubmission(f"{path.name} has {len(entries):,} entries; {limits.files:,} are allowed")
        allowed = max(path.stat().st_size * limits.ratio, 16 * MIB)
        unpacked = 0
        for entry in entries:
            unpacked += _entry(archive, entry, target, allowed - unpacked)


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


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Copy, allowed: int) -> int:
    """Unpacks one entry; returns the bytes it became."""
    parts = _parts(entry.filename)
    if not parts or any(part in LEFT_OUT for part in parts[:-1]) or parts[-1] in LEFT_OUT:
        return 0
    mode = entry.external_attr >> 16
    if entry.is_dir() or entry.filename.endswith("\\"):
        target.make_folder(parts)
        return 0
    if stat.S_ISLNK(mode):
        leads_to = b"".join(_pieces(archive, entry))[:4096] if entry.file_size < 4096 else b"/"
        target.link(parts, leads_to.decode("utf-8", "replace"))
        return 0
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        target.remark("special", "/".join(parts), "is no file, no folder and no link")
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

    target.file(parts, content(), stat.S_IMODE(mode) or 0o644)
    return written


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of an entry, piece by piece."""
    name = Path(archive.filename or "").name
    with _reading(name):
        pieces = _small_pieces(archive, entry)
    while True:
        with _reading(name):
            chunk = next(pieces, b"")
        if not chunk:
            return
        yield chunk


def _small_pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Pieces of a bounded size, whatever it is packed with: `zipfile` unpacks bz2 and LZMA as they come, and a hundred
    bytes of these can stand for hundreds of megabytes."""
    if entry.compress_type not in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with archive.open(entry) as file:
            while chunk := file.read(CHUNK):
                yield chunk
        return
    check, length = 0, 0
    with archive.open(_as_it_is_packed(entry)) as file:
        for chunk in _unpacked(file, entry.compress_type):
            check, length = zlib.crc32(chunk, check), length + len(chunk)
            yield chunk
    if check != entry.CRC or length != entry.file_size:
        raise zipfile.BadZipFile(f"Bad CRC-32 for file {entry.filename!r}")


def _as_it_is_packed(entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """The entry as if its packed bytes were its content."""
    packed = copy.copy(entry)
    packed.compress_type, packed.file_size = zipfile.ZIP_STORED, entry.compress_size
    del packed.CRC  # that of the content; without one nothing is compared
    return packed


def _unpacked(file: IO[bytes], kind: int) -> Iterator[bytes]:
    unpacker = bz2.BZ2Decompressor() if kind == zipfile.ZIP_BZIP2 else _lzma_unpacker(file)
    while not unpacker.eof:
        packed = file.read(CHUNK) if unpacker.needs_input else b""
        chunk = unpacker.decompress(packed, CHUNK)
        if chunk:
            yield chunk
        elif not packed and unpacker.needs_input:
            return


def _lzma_unpacker(file: IO[bytes]) -> lzma.LZMADecompressor:
    """Reads the head of an entry: two bytes of version, the length of the properties, and these."""
    head = file.read(4)
    length = struct.unpack_from("<H", head, 2)[0]
    properties = file.read(length)
    code, size = struct.unpack("<BI", properties)
    if size > _LARGEST_DICTIONARY or code >= 9 * 5 * 5:
        raise ValueError(f"LZMA with a dictionary of {size:,} bytes")
    about = {"id": lzma.FILTER_LZMA1, "dict_size": max(size, 4096), "lc": code % 9, "lp": code // 9 % 5,
             "pb": code // 45}  # fmt: skip
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[about])


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
