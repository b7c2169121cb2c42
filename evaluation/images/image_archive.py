"""Read the archive of an image's files. Runs in a worker process: its content is untrusted."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path
from typing import IO

from evaluation.engine.tar_entries import tar_entries
from evaluation.quotas import MIB


def search(archive_path: Path, file: Path, usual_path: str = "") -> tuple[str, ...]:
    """Return the paths in an image with the content of a file, byte for byte.

    Args:
        archive_path: the archive of ``docker export`` or ``docker cp``.
        file: the file.
        usual_path: a path that is returned regardless of its content.
    """
    size = file.stat().st_size
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").digest()
    paths = []
    with tarfile.open(archive_path) as archive:
        for entry in tar_entries(archive):
            if entry.isreg() and usual_path and "/" + entry.name.lstrip("./") == usual_path:
                paths.append(usual_path)
            if not entry.isreg() or entry.size != size:
                continue
            content = archive.extractfile(entry)
            if content is not None and _digest(content) == digest:
                paths.append("/" + entry.name.lstrip("./"))
    return tuple(paths[:1000])


def why_not_interpreter(archive_path: Path) -> str:
    """Return why the first file of an archive cannot be an interpreter; empty if it can."""
    with tarfile.open(archive_path) as archive:
        for entry in tar_entries(archive):
            file = archive.extractfile(entry) if entry.isreg() else None
            if file is not None:
                return why_not_binary(file.read())
    return why_not_binary(b"")


def why_not_binary(content: bytes) -> str:
    """Return why a file cannot be an interpreter; empty if it is a binary that can be one.

    Args:
        content: the content of the file.
    """
    if not content:
        return "there is no file of this name on the image's PATH"
    if content.startswith(b"#!"):
        first = content.split(b"\n", 1)[0][:60].decode("utf-8", "replace")
        return f"it is a script ({first})"
    if not content.startswith(b"\x7fELF"):
        return "it is not a Linux executable"
    if b"BusyBox v" in content:
        return "it is BusyBox"
    return ""


def _digest(content: IO[bytes]) -> bytes:
    digest = hashlib.sha256()
    while chunk := content.read(MIB):
        digest.update(chunk)
    return digest.digest()
