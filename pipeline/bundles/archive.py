"""Reproducible zip files: their bytes depend only on the names and contents of the files."""

from __future__ import annotations

import hashlib
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.bundles.errors import SourceRefused

_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip file can store."""
_UNIX = 3
_FOLDER = 0x10
_LEVEL = 6
_LONGEST = 240
# Characters that are special on some systems; names that Windows changes, reserves for devices, or treats as .git, in
# which git executes hooks; and empty names.
_MEANING = re.compile(r'[\\:*?"<>|]|[. ]$')
_RESERVED = re.compile(r"|\.git|git~\d+|(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """A file of an archive.

    Attributes:
        content: the content, or the path of a file with the content.
        is_program: whether the file is executable.
    """

    content: bytes | Path
    is_program: bool = False

    def sha256(self) -> str:
        """Return the SHA-256 of the content in hexadecimal."""
        if isinstance(self.content, bytes):
            return hashlib.sha256(self.content).hexdigest()
        with self.content.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def size(self) -> int:
        """Return the size of the content in bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size


def check_name(name: str) -> str:
    """Return the path of a file in an archive, or refuse a path that could be unpacked outside the target folder.

    Args:
        name: the path; that of a folder ends with ``/``.

    Raises:
        SourceRefused: the path is absolute, leads upwards, or has characters that are special on some systems.
    """
    if len(name) > _LONGEST or any(map(_is_unsafe, name.removesuffix("/").split("/"))):
        raise SourceRefused(f"{name[:80]!a} is not a path that every system can unpack.")
    return name


def _is_unsafe(part: str) -> bool:
    return bool(not part.isprintable() or _MEANING.search(part) or _RESERVED.fullmatch(part))


def files_of(folder: Path, prefix: str) -> Iterator[tuple[str, Entry]]:
    """Yield the regular files of a folder with their paths in an archive, sorted.

    Args:
        folder: a folder without links.
        prefix: the folder in the archive, ending with ``/``; empty for the top level.
    """
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            name = PurePosixPath(path.relative_to(folder)).as_posix()
            yield check_name(prefix + name), Entry(path, is_program=bool(mode & 0o100))


def write_archive(target: Path, entries: Mapping[str, Entry], folders: frozenset[str] = frozenset()) -> None:
    """Write a zip file.

    Args:
        target: the path of the new file.
        entries: the files by path.
        folders: the paths of empty folders, each ending with ``/``.
    """
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in sorted({*entries, *folders}):
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system = _UNIX
            if name in folders:
                info.external_attr = (stat.S_IFDIR | 0o755) << 16 | _FOLDER
                archive.writestr(info, b"")
                continue
            entry = entries[name]
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | (0o755 if entry.is_program else 0o644)) << 16
            info.file_size = entry.size()
            with archive.open(info, "w") as sink:
                if isinstance(entry.content, bytes):
                    sink.write(entry.content)
                else:
                    with entry.content.open("rb") as source:
                        shutil.copyfileobj(source, sink, _CHUNK)
