"""Unpack an untrusted zip file: no path leads out of the target, and its unpacked size is limited."""

from __future__ import annotations

import bz2
import copy
import lzma
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
from evaluation.submission.archives.target import Target, is_left_out, parts_of
from evaluation.submission.archives.zip_directory import check_directory
from evaluation.submission.copying import CHUNK

# The largest accepted LZMA dictionary; archivers use 16 MB.
_LARGEST_DICTIONARY = 64 * MIB


def unzip(path: Path, target: Target, limits: Limits) -> None:
    """Unpack a zip file.

    Args:
        path: the archive.
        target: the target of the unpacked files.
        limits: limits on the size of a submission.

    Raises:
        NoSubmission: the file is not a zip file, damaged, encrypted or too large, or a path leads out of the target.
    """
    check_directory(path, limits)
    with _archive_errors(path.name):
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
def _archive_errors(name: str) -> Iterator[None]:
    """Convert the errors of a damaged archive, which differ by compression, to NoSubmission."""
    try:
        yield
    except RuntimeError as error:  # encrypted entries and unsupported compressions
        why = "it is encrypted" if "encrypted" in str(error) else str(error)
        raise NoSubmission(
            f"{name} cannot be unpacked: {why}", hint="Submit a folder or a .zip file without a password."
        ) from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise NoSubmission(f"{name} is damaged or not a zip file: {error}") from error


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Target, allowed: int) -> int:
    """Unpack one entry and return its unpacked size."""
    parts = parts_of(entry.filename)
    if is_left_out(parts):
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
        target.remark("special", parts, "is not a regular file, a folder or a link")
        return 0
    written = 0

    def content() -> Iterator[bytes]:
        nonlocal written
        for chunk in _pieces(archive, entry):
            written += len(chunk)
            if written > allowed:
                raise NoSubmission(
                    f"{'/'.join(parts)} unpacks to far more bytes than the archive has: a zip bomb"
                )
            yield chunk

    target.file(parts, content(), stat.S_IMODE(mode) or 0o644)
    return written


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the content of an entry in chunks."""
    name = Path(archive.filename or "").name
    with _archive_errors(name):
        pieces = _small_pieces(archive, entry)
    while True:
        with _archive_errors(name):
            chunk = next(pieces, b"")
        if not chunk:
            return
        yield chunk


def _small_pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the content of an entry in chunks of bounded size, for every compression.

    `zipfile` unpacks bz2 and LZMA without a limit, and a hundred compressed bytes can unpack to hundreds of megabytes.
    """
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
    """Return a copy of an entry whose content is the compressed bytes."""
    stored = copy.copy(entry)
    stored.compress_type, stored.file_size = zipfile.ZIP_STORED, entry.compress_size
    del stored.CRC  # the checksum of the content; without it, nothing is compared
    return stored


def _unpacked(file: IO[bytes], kind: int) -> Iterator[bytes]:
    decompressor = bz2.BZ2Decompressor() if kind == zipfile.ZIP_BZIP2 else _lzma_unpacker(file)
    while not decompressor.eof:
        compressed = file.read(CHUNK) if decompressor.needs_input else b""
        chunk = decompressor.decompress(compressed, CHUNK)
        if chunk:
            yield chunk
        elif not compressed and decompressor.needs_input:
            return


def _lzma_unpacker(file: IO[bytes]) -> lzma.LZMADecompressor:
    """Read the LZMA header of an entry: two bytes of version, the length of the properties, and the properties."""
    head = file.read(4)
    length = struct.unpack_from("<H", head, 2)[0]
    properties = file.read(length)
    code, size = struct.unpack("<BI", properties)
    if size > _LARGEST_DICTIONARY or code >= 9 * 5 * 5:
        raise ValueError(f"LZMA with a dictionary of {size:,} bytes is not supported")
    filter_options = {"id": lzma.FILTER_LZMA1, "dict_size": max(size, 4096), "lc": code % 9, "lp": code // 9 % 5,
             "pb": code // 45}  # fmt: skip
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[filter_options])
