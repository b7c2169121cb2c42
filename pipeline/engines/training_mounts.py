"""The files of a training run in its container: which are mounted, under which paths, and with which permissions."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

CODEBASE_USER = 10001
"""The user and group ID of the image."""

_ROOT = "/app07"
_RESULTS = f"{_ROOT}/results"


@dataclass
class Mounts:
    """The files and folders that are mounted in a container.

    Attributes:
        user: the user ID that the container runs as; None if the image's user may read and write everything.
        copies: an empty folder for copies of files that this user cannot read.
        words: the options of ``docker run``.
        paths: the paths on this machine as the user gave them, by path in the container.
    """

    user: int | None
    copies: Path
    words: list[str] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)

    def read(self, role: str, *files: str) -> str:
        """Mount files for reading, into a folder of their own.

        Args:
            role: the name of the folder.
            files: the files; only the first needs to exist. The training program reports a missing file.

        Returns:
            The path of the first file in the container.
        """
        inside = [f"{_ROOT}/{role}/{_name(file)}" for file in files]
        for file, path in zip(files, inside, strict=True):
            self.paths[path] = file
            if os.access(file, os.F_OK):  # unlike Path.exists, also False for a name that is too long
                self._mount(self._readable(Path(file).resolve(), role), path, "readonly")
        return inside[0]

    def write(self, folder: str) -> str:
        """Mount the results folder.

        Args:
            folder: the folder; it must exist.

        Returns:
            The path of the folder in the container.
        """
        self.paths[_RESULTS] = folder
        self._mount(Path(folder).resolve(), _RESULTS)
        return _RESULTS

    def shown(self, text: str) -> str:
        """Return a string with the paths in the container replaced by those on this machine."""
        for inside, outside in self.paths.items():
            text = text.replace(inside, outside)
        return text

    def _mount(self, source: Path, target: str, *options: str) -> None:
        fields = io.StringIO()  # the option is a line of CSV: names may have commas and quotes
        csv.writer(fields, lineterminator="").writerow(
            ["type=bind", f"source={source}", f"target={target}", *options]
        )
        self.words += ["--mount", fields.getvalue()]

    def _readable(self, file: Path, role: str) -> Path:
        """Return a file, or, if this process is root, a copy of a file that the container's user cannot read."""
        if self.user is None or os.geteuid() != 0 or not file.is_file():
            return file
        about = file.stat()
        if about.st_mode & 0o004 or about.st_uid == self.user:
            return file
        copy = self.copies / role / file.name
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, copy)
        copy.chmod(0o400)
        os.chown(copy, self.user, -1)
        return copy


def _name(file: str) -> str:
    name = Path(file).name
    return name if name not in ("", "..") else "file"


def container_user(folder: Path | None, *, rootless: bool) -> tuple[int, int] | None:
    """Return the user and group that a container runs as, so that its results belong to the right user.

    Args:
        folder: the results folder; None if there is none.
        rootless: whether the engine is rootless; root in the container is then the user of the engine.

    Returns:
        The present user. For root, the owner of the folder, or the user of the image if root owns it. None on Windows.
    """
    if os.name == "nt":
        return None
    if os.geteuid() != 0:
        return (0, 0) if rootless else (os.geteuid(), os.getegid())
    about = folder.stat() if folder is not None else None
    if about is not None and about.st_uid != 0:
        return about.st_uid, about.st_gid
    return CODEBASE_USER, CODEBASE_USER


def create_folder(folder: Path) -> list[Path]:
    """Create a results folder. If root creates it, it belongs to the owner of the parent folder.

    Args:
        folder: the folder.

    Returns:
        The folders that were created, the innermost first.

    Raises:
        OSError: the folder cannot be created.
    """
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    folder.mkdir(parents=True, exist_ok=True)
    if os.name != "nt" and os.geteuid() == 0:
        for path in reversed(missing):
            owner = path.parent.stat()
            os.chown(path, owner.st_uid, owner.st_gid)
    return missing


def open_to(user: int, folder: Path, names: Iterable[str]) -> None:
    """Give the user of the image write permission to root's folder and the files of earlier runs in it.

    Root remains the owner of the folder; its group becomes that of the image, as with shared_data.

    Args:
        user: the ID of the user that the container runs as.
        folder: the results folder.
        names: the names of the files of a run.
    """
    if os.name == "nt" or os.geteuid() != 0 or user != CODEBASE_USER:
        return
    if not folder.stat().st_mode & 0o002:
        os.chown(folder, -1, CODEBASE_USER)
        folder.chmod(folder.stat().st_mode | 0o070)
    for path in _files(folder, names):
        os.chown(path, -1, CODEBASE_USER)
        path.chmod(path.stat().st_mode | (0o070 if path.is_dir() else 0o060))


def take_back(user: int, folder: Path, names: Iterable[str]) -> None:
    """Change the owner of the files that the user of the image has written to the owner of the folder.

    Args:
        user: the ID of the user that the container ran as.
        folder: the results folder.
        names: the names of the files of a run.
    """
    if os.name == "nt" or os.geteuid() != 0 or user != CODEBASE_USER:
        return
    owner = folder.stat()
    for path in _files(folder, names):
        with suppress(OSError):
            os.chown(path, owner.st_uid, -1, follow_symlinks=False)


def _files(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return the files and folders of a run, and the contents of the folders; links are not followed."""
    found = [path for path in (folder / name for name in names) if not path.is_symlink() and path.exists()]
    for path in [path for path in found if path.is_dir()]:
        for place, folders, files in os.walk(path):  # does not follow links
            inner = [Path(place) / name for name in (*folders, *files)]
            found += [entry for entry in inner if not entry.is_symlink()]
    return found
