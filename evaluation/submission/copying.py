"""Copies a submission's files to a place of its own, within limits, without following links out of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.submission.safe_tree import HAS_HANDLES, Parts, Tree, leads_inside
from evaluation.submission.submission import Remark

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
        leave_out: names of folders that are not copied.

    Attributes:
        remarks: what was left out, and why.
    """

    def __init__(self, target: Path, limits: Limits, leave_out: frozenset[str] = LEFT_OUT) -> None:
        self.target = target
        self.limits = limits
        self._leave_out = leave_out
        self.remarks: list[Remark] = []
        self._files = 0
        self._bytes = 0
        target.mkdir(parents=True)
        self.tree = Tree(target)

    def remark(self, what: str, where: str, text: str) -> None:
        """Notes something that a reader of the report should know."""
        self.remarks.append(Remark(what, where, text))

    def folder(self, source: Path, parts: Parts = ()) -> None:
        """Copies a whole folder. A link that takes the place of one of its folders meanwhile is not followed.

        Args:
            source: the folder.
            parts: where its files go.

        Raises:
            NoSubmission: it is too large.
        """
        try:
            with _opened_folder(source) as handle:
                self._folder(handle, parts)
        except OSError as error:
            self.remark("unreadable", "/".join(parts), f"cannot be read: {error.strerror}")

    def _folder(self, source: int | Path, parts: Parts) -> None:
        with os.scandir(source) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
        for entry in entries:
            if entry.name in self._leave_out and entry.is_dir(follow_symlinks=False):
                continue
            try:
                self._entry(source, entry, (*parts, entry.name))
            except OSError as error:
                self.remark("unreadable", "/".join((*parts, entry.name)), f"cannot be read: {error.strerror}")

    def _entry(self, source: int | Path, entry: os.DirEntry[str], parts: Parts) -> None:
        if entry.is_symlink():
            self.link(parts, _link_in(source, entry.name))
        elif entry.is_dir(follow_symlinks=False):
            self.make_folder(parts)
            with _opened_folder(entry.name, source) as handle:
                self._folder(handle, parts)
        elif entry.is_file(follow_symlinks=False):
            with _opened_file(entry.name, source) as file:
                mode = os.fstat(file.fileno()).st_mode
                if not stat.S_ISREG(mode):
                    raise OSError(errno.EINVAL, "is no regular file any more")
                self.file(parts, iter(lambda: file.read(CHUNK), b""), stat.S_IMODE(mode))
        else:
            self.remark("special", "/".join(parts), "is no file, no folder and no link")

    def make_folder(self, parts: Parts) -> None:
        """Makes a folder of the submission."""
        self._count(parts)
        with _naming(parts):
            self.tree.make(parts)

    def file(self, parts: Parts, content: Iterable[bytes], mode: int = 0o644) -> None:
        """Writes one file as its content comes.

        Raises:
            NoSubmission: this file or all of them together are too large, or it is there already.
        """
        self._count(parts)
        with _naming(parts):
            self.tree.write(parts, self._bounded(parts, content), mode)

    def _bounded(self, parts: Parts, content: Iterable[bytes]) -> Iterator[bytes]:
        written = 0
        for chunk in content:
            written += len(chunk)
            self._bytes += len(chunk)
            self._refuse_too_large("/".join(parts), written)
            yield chunk

    def link(self, parts: Parts, target: str) -> None:
        """Makes a symbolic link where it leads to a place inside whatever else there is; else leaves it out."""
        where = "/".join(parts)
        self._count(parts)
        if "\0" in target or _too_long(Path(target).parts):
            self.remark("link", where, "is a link that leads nowhere; it was left out")
        elif not leads_inside(len(parts) - 1, target):
            self.remark("link", where, f"is a link that leads outside, to {target[:200]}; it was left out")
        elif not HAS_HANDLES:
            self.remark("link", where, "is a link, which this system does not copy; it was left out")
        else:
            with _naming(parts):
                self.tree.link(parts, target)
            if self.tree.goes_in_circles(parts):
                self.tree.unlink(parts)
                self.remark("link", where, "is a link that leads back to itself; it was left out")

    def _count(self, parts: Parts) -> None:
        """Counts an entry, and refuses a place that is too deep or climbs out of the copy."""
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
        if ".." in parts:
            raise NoSubmission(f"{'/'.join(parts)} climbs out of the submission")

    def _refuse_too_large(self, where: str, written: int) -> None:
        mib = 1024 * 1024
        if written > self.limits.file_size:
            raise NoSubmission(f"{where} is larger than {self.limits.file_size // mib} MB")
        if self._bytes > self.limits.total_size:
            raise NoSubmission(f"its files are larger than {self.limits.total_size // mib} MB together")


@contextmanager
def _naming(parts: Parts) -> Iterator[None]:
    """Says of two entries of an archive that cannot both be there which they are."""
    where = "/".join(parts)
    try:
        yield
    except FileExistsError:
        raise NoSubmission(f"{where} is in it twice") from None
    except NotADirectoryError:
        raise NoSubmission(f"{where}: a part of this path is a file and a folder, or a link") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NoSubmission(f"{where} lies behind a link") from None
        raise


def _too_long(parts: Iterable[str]) -> bool:
    return any(len(os.fsencode(part)) > LONGEST_NAME for part in parts)


@contextmanager
def _opened_folder(name: str | Path, inside: int | Path | None = None) -> Iterator[int | Path]:
    """A folder to be listed: a handle, or its path where the system has none."""
    if not HAS_HANDLES:
        yield inside / name if isinstance(inside, Path) else Path(name)
        return
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    handle = os.open(name, flags, dir_fd=inside if isinstance(inside, int) else None)
    try:
        yield handle
    finally:
        os.close(handle)


def _opened_file(name: str, inside: int | Path) -> BinaryIO:
    """Opens a file for reading; a link or a pipe that took its place meanwhile is not waited for."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    if isinstance(inside, int):
        return os.fdopen(os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=inside), "rb")
    return os.fdopen(os.open(inside / name, flags), "rb")


def _link_in(inside: int | Path, name: str) -> str:
    if isinstance(inside, int):
        return os.readlink(name, dir_fd=inside)
    return os.fspath((inside / name).readlink())
