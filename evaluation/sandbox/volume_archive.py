"""Read the archive of a volume. This module runs in a worker process, because the content is untrusted."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path, PurePosixPath

from evaluation.engine.tar_entries import tar_entries
from evaluation.errors import MissingPrerequisite
from evaluation.quotas import MIB
from evaluation.sandbox.volumes import VolumeEntry


def read_volume(archive_path: Path, folder: Path, limit: int) -> tuple[VolumeEntry, ...]:
    """Return the entries of a volume. Links are not followed.

    Args:
        archive_path: the archive of ``docker cp``.
        folder: a folder for the contents of its files, which are numbered; created by this function.
        limit: limit on the total size of the files in bytes.

    Raises:
        MissingPrerequisite: the files are larger than the limit.
    """
    folder.mkdir()
    entries: dict[str, VolumeEntry] = {}
    with tarfile.open(archive_path) as archive:
        for number, entry in enumerate(tar_entries(archive)):
            inside = PurePosixPath(*PurePosixPath(entry.name).parts).as_posix()
            if inside == ".":
                continue
            content: bytes | Path = b""
            if entry.isreg() and entry.size:
                limit -= entry.size
                if limit < 0:
                    raise MissingPrerequisite("the files of the shared folder are larger than its volume")
                content = _keep(archive, entry, folder / str(number))
            entries[inside] = VolumeEntry(inside, entry.uid, float(entry.mtime), _kind(entry), content)
    return tuple(entries.values())


def _kind(entry: tarfile.TarInfo) -> str:
    if entry.isreg():
        return "file"
    return "folder" if entry.isdir() else "link" if entry.issym() else "special"


def _keep(archive: tarfile.TarFile, entry: tarfile.TarInfo, path: Path) -> Path:
    content = archive.extractfile(entry)
    assert content is not None
    with content, path.open("xb") as file:
        shutil.copyfileobj(content, file, MIB)
    return path
