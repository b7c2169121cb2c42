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
    """Return the entries of a volume. Links are not followed.

    Args:
        packed: the archive of ``docker cp``.
        kept: a folder for the contents of its files, numbered; created here.
        most: limit on the size of all files, in bytes.

    Raises:
        CannotCheck: The files are larger than the limit.
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
                    raise CannotCheck("the files of the shared folder are larger than its volume")
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
