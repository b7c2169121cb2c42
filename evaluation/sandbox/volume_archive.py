"""Read the archive of a volume. Runs in a worker process: its content is untrusted."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path, PurePosixPath

from evaluation.engine.tar_entries import tar_entries
from evaluation.errors import CannotCheck
from evaluation.quotas import MIB
from evaluation.sandbox.volumes import VolumeEntry


def read_volume(packed: Path, kept: Path, most: int) -> tuple[VolumeEntry, ...]:
    """What lies on a volume: whole files, links that are not followed, names of anything else.

    Args:
        packed: what ``docker cp`` gave.
        kept: an empty folder of our own; the content of each file goes there, under a number.
        most: bytes of all files together.
    """
    kept.mkdir()
    found: dict[str, VolumeEntry] = {}
    with tarfile.open(packed) as archive:
        for number, entry in enumerate(tar_entries(archive)):
            inside = PurePosixPath(*PurePosixPath(entry.name).parts).as_posix()
            if inside == ".":
                continue
            content: bytes | Path = b""
            if entry.isreg() and entry.size:
                most -= entry.size
                if most < 0:
                    raise CannotCheck("the shared folder holds more than a volume can")
                content = _keep(archive, entry, kept / str(number))
            found[inside] = VolumeEntry(inside, entry.uid, float(entry.mtime), _kind(entry), content)
    return tuple(found.values())


def _kind(entry: tarfile.TarInfo) -> str:
    if entry.isreg():
        return "file"
    return "folder" if entry.isdir() else "link" if entry.issym() else "special"


def _keep(archive: tarfile.TarFile, entry: tarfile.TarInfo, place: Path) -> Path:
    content = archive.extractfile(entry)
    assert content is not None
    with content, place.open("xb") as file:
        shutil.copyfileobj(content, file, MIB)
    return place
