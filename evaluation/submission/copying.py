"""Copy the files of a submission to a separate folder, within limits and without following links."""

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
from evaluation.submission.deep_folders import remove_folder
from evaluation.submission.safe_tree import HAS_HANDLES, Parts, Tree, leads_inside
from evaluation.submission.submission import Remark

CHUNK = 256 * 1024
LONGEST_NAME = 255
NOT_REGULAR = "is not a regular file"
# The file that marks the top folder of a virtual environment of any name.
ENVIRONMENT = "pyvenv.cfg"
# Folders created by tools, which are not part of a submission.
LEFT_OUT = frozenset(
    [
        *(".git", ".venv", "venv", "node_modules", "__pycache__", "__MACOSX", ".ipynb_checkpoints"),
        *(".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".idea", ".vscode"),
    ]
)


class Copy:
    """A folder that is filled file by file and rejects anything that exceeds the limits.

    Args:
        target: the path of the folder, which is created.
        limits: limits on the content of the folder.
        leave_out: the names of folders that are not copied.

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
        """Record a remark for the report.

        Args:
            what: the kind of remark, as in `Remark.what`.
            where: the path of the file, relative to the submission.
            text: the message.
        """
        self.remarks.append(Remark(what, where, text))

    @property
    def counted(self) -> tuple[int, int]:
        """The number of entries and bytes so far."""
        return self._files, self._bytes

    def remove(self, parts: Parts, counted: tuple[int, int]) -> None:
        """Remove a partly filled folder and its remarks.

        Args:
            parts: the path of the folder, as components.
            counted: the number of entries and bytes before the folder was filled.
        """
        remove_folder(self.target.joinpath(*parts))
        self._files, self._bytes = counted
        inside = "/".join(parts) + "/"
        self.remarks = [remark for remark in self.remarks if not remark.where.startswith(inside)]

    def single_file(self, source: Path, name: str) -> None:
        """Copy one file to the top folder of the copy; a link is not followed.

        Args:
            source: the file.
            name: its name in the copy.

        Raises:
            NoSubmission: the file is too large, or its name already exists.
        """
        try:
            with _opened_file(source.name, source.parent) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise OSError(errno.EINVAL, NOT_REGULAR)
                self.file((name,), iter(lambda: file.read(CHUNK), b""))
        except OSError as error:
            self.remark("unreadable", name, f"cannot be read: {error.strerror}")

    def folder(self, source: Path, parts: Parts = ()) -> None:
        """Copy a whole folder. Links are not followed, even if one replaces a folder in the meantime.

        Args:
            source: the folder.
            parts: the path of the target folder, as components.

        Raises:
            NoSubmission: the folder is too large.
        """
        try:
            with _opened_folder(source) as handle:
                self._folder(handle, parts)
        except OSError as error:
            self.remark("unreadable", "/".join(parts), f"cannot be read: {error.strerror}")

    def _folder(self, source: int | Path, parts: Parts) -> None:
        with os.scandir(source) as iterator:
            entries = sorted(iterator, key=lambda entry: entry.name)
        if parts and self._leave_out and any(entry.name == ENVIRONMENT for entry in entries):
            self.remark("special", "/".join(parts), "is a Python virtual environment; it was left out")
            return
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
                    raise OSError(errno.EINVAL, NOT_REGULAR)
                self.file(parts, iter(lambda: file.read(CHUNK), b""), stat.S_IMODE(mode))
        else:
            self.remark("special", "/".join(parts), "is not a regular file, a folder or a link")

    def make_folder(self, parts: Parts) -> None:
        """Create a folder of the copy."""
        self._count(parts)
        with _naming_conflicts(parts):
            self.tree.make_folder(parts)

    def file(self, parts: Parts, content: Iterable[bytes], mode: int = 0o644) -> None:
        """Write one file from chunks.

        Args:
            parts: its path, as components.
            content: its content in chunks.
            mode: its permissions.

        Raises:
            NoSubmission: the file or the whole copy is too large, or the file already exists.
        """
        self._count(parts)
        with _naming_conflicts(parts):
            self.tree.write(parts, self._bounded(parts, content), mode)

    def _bounded(self, parts: Parts, content: Iterable[bytes]) -> Iterator[bytes]:
        written = 0
        for chunk in content:
            written += len(chunk)
            self._bytes += len(chunk)
            self._refuse_too_large("/".join(parts), written)
            yield chunk

    def link(self, parts: Parts, target: str) -> None:
        """Create a symbolic link if its target is certainly inside the copy; otherwise leave it out.

        Args:
            parts: its path, as components.
            target: its target, as written in the source.
        """
        path = "/".join(parts)
        self._count(parts)
        if "\0" in target or _too_long(Path(target).parts):
            self.remark("link", path, "is a link with an invalid target; it was left out")
        elif not leads_inside(len(parts) - 1, target):
            self.remark("link", path, f"is a link to {target[:200]}, outside the submission; it was left out")
        elif not HAS_HANDLES:
            self.remark("link", path, "is a link; links are not copied on this system")
        else:
            with _naming_conflicts(parts):
                self.tree.link(parts, target)
            if self.tree.is_circular_link(parts):
                self.tree.unlink(parts)
                self.remark("link", path, "is a link that refers to itself; it was left out")

    def _count(self, parts: Parts) -> None:
        """Count an entry, and reject a path that is nested too deeply or leads out of the copy."""
        self._files += 1
        if self._files > self.limits.files:
            raise NoSubmission(
                f"it has more than {self.limits.files:,} files and folders",
                hint="A submission has a few hundred. Remove environments and caches.",
            )
        if len(parts) > self.limits.depth or sum(len(part) for part in parts) > 1000:
            raise NoSubmission(
                f"its folders are nested more than {self.limits.depth} levels deep: {'/'.join(parts)[:80]}..."
            )
        if _too_long(parts):
            raise NoSubmission(
                f"{'/'.join(parts)[:80]}...: a file name must not be longer than {LONGEST_NAME} bytes"
            )
        if ".." in parts:
            raise NoSubmission(f"{'/'.join(parts)} leads out of the submission")

    def _refuse_too_large(self, where: str, written: int) -> None:
        mib = 1024 * 1024
        if written > self.limits.file_size:
            raise NoSubmission(f"{where} is larger than {self.limits.file_size // mib} MB")
        if self._bytes > self.limits.total_size:
            raise NoSubmission(f"its files are larger than {self.limits.total_size // mib} MB together")


@contextmanager
def _naming_conflicts(parts: Parts) -> Iterator[None]:
    """Convert errors about conflicting archive entries to errors that name the entries."""
    path = "/".join(parts)
    try:
        yield
    except FileExistsError:
        raise NoSubmission(f"{path} exists twice") from None
    except NotADirectoryError:
        raise NoSubmission(f"{path}: a part of this path is both a file and a folder, or a link") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NoSubmission(f"{path} is reached through a symbolic link") from None
        raise


def _too_long(parts: Iterable[str]) -> bool:
    return any(len(os.fsencode(part)) > LONGEST_NAME for part in parts)


@contextmanager
def _opened_folder(name: str | Path, inside: int | Path | None = None) -> Iterator[int | Path]:
    """Open a folder: yield a directory handle, or its path if the system does not support handles."""
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
    """Open a file for reading without following links and without blocking on a pipe."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if isinstance(inside, int):
        return os.fdopen(os.open(name, flags, dir_fd=inside), "rb")
    return os.fdopen(os.open(inside / name, flags), "rb")


def _link_in(inside: int | Path, name: str) -> str:
    if isinstance(inside, int):
        return os.readlink(name, dir_fd=inside)
    return os.fspath((inside / name).readlink())
