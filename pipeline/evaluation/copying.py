"""Copies a submission's files to a place of its own, within limits, without following links out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from pipeline.evaluation.errors import NoSubmission
from pipeline.evaluation.limits import Limits
from pipeline.evaluation.submitted import Remark

CHUNK = 256 * 1024
LONGEST_NAME = 255
# What tools leave in a working folder; nobody hands it in on purpose, and nothing here needs it.
LEFT_OUT = frozenset(
    [
        *(".git", ".venv", "venv", "node_modules", "__pycache__", "__MACOSX", ".ipynb_checkpoints"),
        *(".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".idea", ".vscode"),
    ]
)


class Copy:
    """A folder that is filled file by file and refuses what is too much.

    Args:
        target: the folder; made here.
        limits: how much it may hold.

    Attributes:
        remarks: what was left out, and why.
    """

    def __init__(self, target: Path, limits: Limits) -> None:
        self.target = target
        self.limits = limits
        self.remarks: list[Remark] = []
        self._files = 0
        self._bytes = 0
        target.mkdir(parents=True)

    def remark(self, what: str, where: str, text: str) -> None:
        """Notes something that a reader of the report should know."""
        self.remarks.append(Remark(what, where, text))

    def folder(self, source: Path) -> None:
        """Copies a whole folder.

        Raises:
            NoSubmission: it is too large.
        """
        self._folder(source, ())

    def _folder(self, source: Path, parts: tuple[str, ...]) -> None:
        try:
            entries = sorted(os.scandir(source), key=lambda entry: entry.name)
        except OSError as error:
            self.remark("unreadable", "/".join(parts), f"cannot be read: {error.strerror}")
            return
        for entry in entries:
            if entry.name in LEFT_OUT and entry.is_dir(follow_symlinks=False):
                continue
            self._entry(entry, (*parts, entry.name))

    def _entry(self, entry: os.DirEntry[str], parts: tuple[str, ...]) -> None:
        where = "/".join(parts)
        if entry.is_symlink():
            self.link(parts, os.fspath(Path(entry.path).readlink()))
        elif entry.is_dir(follow_symlinks=False):
            self.make_folder(parts)
            self._folder(Path(entry.path), parts)
        elif entry.is_file(follow_symlinks=False):
            try:
                with _open(entry.path) as file:
                    mode = os.fstat(file.fileno()).st_mode
                    self.file(parts, iter(lambda: file.read(CHUNK), b""), stat.S_IMODE(mode))
            except OSError as error:
                self.remark("unreadable", where, f"cannot be read: {error.strerror}")
        else:
            self.remark("special", where, "is no file, no folder and no link")

    def make_folder(self, parts: tuple[str, ...]) -> None:
        """Makes a folder of the submission."""
        self._make(self._place(parts), parts)

    def file(self, parts: tuple[str, ...], content: Iterable[bytes], mode: int = 0o644) -> None:
        """Writes one file as its content comes.

        Raises:
            NoSubmission: this file or all of them together are too large, or it is there already.
        """
        path = self._place(parts)
        self._make(path.parent, parts)
        written = 0
        try:
            with path.open("xb") as file:
                for chunk in content:
                    written += len(chunk)
                    self._bytes += len(chunk)
                    self._refuse_too_large("/".join(parts), written)
                    file.write(chunk)
        except FileExistsError:
            raise NoSubmission(f"{'/'.join(parts)} is in it twice") from None
        path.chmod((mode & 0o777) | 0o600)

    def link(self, parts: tuple[str, ...], target: str) -> None:
        """Makes a symbolic link where it leads to a place inside; else leaves it out."""
        where = "/".join(parts)
        place = self._place(parts)
        leads_to = os.path.normpath(os.path.join(*parts[:-1], target))  # noqa: PTH118
        if os.path.isabs(target) or Path(leads_to).parts[:1] == ("..",):  # noqa: PTH117
            self.remark("link", where, f"is a link that leads outside, to {target[:200]}; it was left out")
            return
        if not place.parent.resolve().is_relative_to(self.target.resolve()):
            self.remark("link", where, "lies behind a link that leads outside; it was left out")
            return
        self._make(place.parent, parts)
        if "\0" in target or _too_long(Path(target).parts):
            self.remark("link", where, "is a link that leads nowhere; it was left out")
            return
        try:
            place.symlink_to(target)
        except FileExistsError:
            raise NoSubmission(f"{where} is in it twice") from None
        if why := self._leads_astray(place):
            place.unlink()
            self.remark("link", where, f"is a link that leads {why}; it was left out")

    def _leads_astray(self, place: Path) -> str:
        try:
            inside = place.resolve().is_relative_to(self.target.resolve())
        except (OSError, RuntimeError):  # a circle
            return "back to itself"
        return "" if inside else "outside by way of another"

    def _make(self, folder: Path, parts: tuple[str, ...]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise NoSubmission(f"{'/'.join(parts)}: a part of this path is a file and a folder") from None

    def _place(self, parts: tuple[str, ...]) -> Path:
        """Where an entry goes; counts it, and refuses what would climb out of the copy."""
        self._files += 1
        if self._files > self.limits.files:
            raise NoSubmission(
                f"it has more than {self.limits.files:,} files and folders",
                hint="A submission has a few hundred. Leave out what tools have made (environments, caches).",
            )
        if len(parts) > self.limits.depth or sum(len(part) for part in parts) > 1000:
            raise NoSubmission(
                f"its folders lie more than {self.limits.depth} deep in one another: {'/'.join(parts)[:80]}..."
            )
        if _too_long(parts):
            raise NoSubmission(
                f"{'/'.join(parts)[:80]}...: no file has a name of more than {LONGEST_NAME} bytes"
            )
        place = self.target.joinpath(*parts)
        if ".." in parts or not place.parent.resolve().is_relative_to(self.target.resolve()):
            raise NoSubmission(f"{'/'.join(parts)} climbs out of the submission")
        return place

    def _refuse_too_large(self, where: str, written: int) -> None:
        mib = 1024 * 1024
        if written > self.limits.file_size:
            raise NoSubmission(f"{where} is larger than {self.limits.file_size // mib} MB")
        if self._bytes > self.limits.total_size:
            raise NoSubmission(f"its files are larger than {self.limits.total_size // mib} MB together")


def _too_long(parts: Iterable[str]) -> bool:
    return any(len(os.fsencode(part)) > LONGEST_NAME for part in parts)


def _open(path: str):  # type: ignore[no-untyped-def]
    """Opens a regular file; a link or a pipe that took its place meanwhile is not waited for."""
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    return os.fdopen(os.open(path, flags), "rb")
