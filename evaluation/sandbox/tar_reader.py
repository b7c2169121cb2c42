"""Reads the archives that the engine hands out of containers and images. Runs in a worker: their content is foreign."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from evaluation.errors import CannotCheck
from evaluation.prediction import challenge
from evaluation.quotas import MIB
from evaluation.sandbox.volumes import Left

_CHUNK = MIB


def read_volume(packed: Path, kept: Path, most: int) -> tuple[Left, ...]:
    """What lies on a volume: whole files, links that are not followed, names of anything else.

    Args:
        packed: what ``docker cp`` gave.
        kept: an empty folder of our own; the content of each file goes there, under a number.
        most: bytes of all files together.
    """
    kept.mkdir()
    found: dict[str, Left] = {}
    with tarfile.open(packed) as archive:
        for number, entry in enumerate(_entries(archive)):
            inside = PurePosixPath(*PurePosixPath(entry.name).parts).as_posix()
            if inside == ".":
                continue
            content: bytes | Path = b""
            if entry.isreg() and entry.size:
                most -= entry.size
                if most < 0:
                    raise CannotCheck("the shared folder holds more than a volume can")
                content = _keep(archive, entry, kept / str(number))
            found[inside] = Left(inside, entry.uid, float(entry.mtime), _kind(entry), content)
    return tuple(found.values())


def search(packed: Path, wanted: Path, also: str = "") -> tuple[str, ...]:
    """Where an archive of an image holds a file, byte for byte.

    Args:
        packed: what ``docker export`` or ``docker cp`` gave.
        wanted: the file.
        also: a place that is named whatever file lies there.
    """
    size = wanted.stat().st_size
    with wanted.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    found = []
    with tarfile.open(packed) as archive:
        for entry in _entries(archive):
            if entry.isreg() and also and "/" + entry.name.lstrip("./") == also:
                found.append(also)
            if not entry.isreg() or entry.size != size:
                continue
            content = archive.extractfile(entry)
            if content is not None and _digest(content) == digest:
                found.append("/" + entry.name.lstrip("./"))
    return tuple(found[:1000])


def what_program(packed: Path) -> str:
    """Why the first file of an archive is no binary that can be an interpreter, in words; empty where it can."""
    with tarfile.open(packed) as archive:
        for entry in _entries(archive):
            file = archive.extractfile(entry) if entry.isreg() else None
            if file is not None:
                return challenge.what_program(file.read())
    return challenge.what_program(b"")


def _entries(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The entries, one at a time; `tarfile` keeps all of them otherwise."""
    while (entry := archive.next()) is not None:
        archive.members = []  # type: ignore[attr-defined]
        yield entry


def _kind(entry: tarfile.TarInfo) -> str:
    if entry.isreg():
        return "file"
    return "folder" if entry.isdir() else "link" if entry.issym() else "special"


def _keep(archive: tarfile.TarFile, entry: tarfile.TarInfo, place: Path) -> Path:
    content = archive.extractfile(entry)
    assert content is not None
    with content, place.open("xb") as file:
        shutil.copyfileobj(content, file, _CHUNK)
    return place


def _digest(content: IO[bytes]) -> bytes:
    whole = hashlib.sha256()
    while chunk := content.read(_CHUNK):
        whole.update(chunk)
    return whole.digest()
