"""A folder that is filled with files of untrusted names, in which links are never followed.

Paths are walked one folder at a time, each opened relative to the handle of its parent, and links are rejected.
Files are always created, never overwritten. If the system does not support this (Windows), no link is ever created in
the folder, so that plain paths are safe.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

Parts = tuple[str, ...]
HAS_HANDLES = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
# O_NONBLOCK: do not block if the file is a pipe.
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def leads_inside(depth: int, target: str) -> bool:
    """Return whether a link leads to a path inside a tree, whatever else the tree contains.

    A target may go up first and then down, but not the other way round: ``a/../b`` leads elsewhere if ``a`` is a link
    itself. If this holds for all links of a tree, none of them leads out of it.

    Args:
        depth: number of folders between the root of the tree and the link.
        target: the target of the link.
    """
    if not target or "\0" in target or target.startswith("/") or "\\" in target:
        return False
    parts = [part for part in target.split("/") if part not in ("", ".")]
    up = next((index for index, part in enumerate(parts) if part != ".."), len(parts))
    return up <= depth and ".." not in parts[up:]


class Tree:
    """A folder that only this program writes to.

    Args:
        root: the folder, which must exist; its path is trusted.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def make_folder(self, parts: Parts) -> None:
        """Create a folder and its parents; existing folders are kept.

        Raises:
            OSError: a part of the path is a file or a link.
        """
        with self._open_folder(parts, create=True):
            pass

    def write(self, parts: Parts, content: Iterable[bytes], mode: int = 0o644) -> None:
        """Write a new file, creating its parent folders.

        Args:
            parts: its path, as components.
            content: its content, in chunks.
            mode: its permissions.

        Raises:
            FileExistsError: the path exists.
            OSError: a part of the path is a file or a link.
        """
        with self._open_folder(parts[:-1], create=True) as parent:
            handle = _opened(parent, parts[-1], _NEW, 0o600)
        with os.fdopen(handle, "wb") as file:
            for chunk in content:
                file.write(chunk)
            _set_mode(file.fileno(), self.root.joinpath(*parts), (mode & 0o777) | 0o600)

    def link(self, parts: Parts, target: str) -> None:
        """Create a symbolic link, which the caller must have checked with `leads_inside`.

        Args:
            parts: its path, as components.
            target: its target.
        """
        with self._open_folder(parts[:-1], create=True) as parent:
            if isinstance(parent, int):
                os.symlink(target, parts[-1], dir_fd=parent)
            else:
                raise OSError("links are not created on this system")

    def unlink(self, parts: Parts) -> None:
        """Remove a file or a link."""
        with self._open_folder(parts[:-1]) as parent:
            if isinstance(parent, int):
                os.unlink(parts[-1], dir_fd=parent)
            else:
                (parent / parts[-1]).unlink()

    def is_circular_link(self, parts: Parts) -> bool:
        """Return whether a link refers to itself, directly or through others."""
        with self._open_folder(parts[:-1]) as parent:
            try:
                if isinstance(parent, int):
                    os.stat(parts[-1], dir_fd=parent)
                else:
                    (parent / parts[-1]).stat()
            except FileNotFoundError:
                return False
            except OSError:
                return True
        return False

    def has(self, parts: Parts) -> bool:
        """Return whether a path exists, even as a link."""
        try:
            with self._open_folder(parts[:-1]) as parent:
                if isinstance(parent, int):
                    os.stat(parts[-1], dir_fd=parent, follow_symlinks=False)
                else:
                    (parent / parts[-1]).lstat()
        except OSError:
            return False
        return True

    def read(self, parts: Parts, limit: int) -> bytes | None:
        """Return the first bytes of a regular file; None if it is not one.

        Args:
            parts: its path, as components.
            limit: the maximum number of bytes.
        """
        try:
            with self.opened(parts) as file:
                return file.read(limit)
        except OSError:
            return None

    @contextmanager
    def opened(self, parts: Parts) -> Iterator[BinaryIO]:
        """Open a regular file for reading.

        Raises:
            OSError: the path is not a regular file.
        """
        with self._open_folder(parts[:-1]) as parent:
            handle = _opened(parent, parts[-1], _READ)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError("is not a regular file")
            yield file

    def set_modes(self, mode_of: Callable[[Parts], int | None]) -> None:
        """Set the permissions of files and folders.

        Args:
            mode_of: returns the new mode of a path; None to keep the mode.
        """
        for parts, is_folder in self.entries():
            mode = mode_of(parts)
            if mode is None:
                continue
            mode |= (0o700 | 0o111) if is_folder else 0o400
            with self._open_folder(parts[:-1]) as parent:
                handle = _opened(parent, parts[-1], _FOLDER if is_folder else _READ) if HAS_HANDLES else -1
            try:
                _set_mode(handle, self.root.joinpath(*parts), mode)
            finally:
                if handle >= 0:
                    os.close(handle)

    def entries(self, under: Parts = ()) -> list[tuple[Parts, bool]]:
        """Return all files and folders, without links, as pairs of path and whether it is a folder.

        Args:
            under: the path of a folder in the tree, as components; empty for the whole tree.
        """
        results: list[tuple[Parts, bool]] = []
        waiting = [under]
        while waiting:
            folder = waiting.pop()
            with self._open_folder(folder) as handle, os.scandir(handle) as iterator:
                for entry in sorted(iterator, key=lambda item: item.name):
                    parts = (*folder, entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(parts)
                        results.append((parts, True))
                    elif entry.is_file(follow_symlinks=False):
                        results.append((parts, False))
        return sorted(results)

    @contextmanager
    def _open_folder(self, parts: Parts, *, create: bool = False) -> Iterator[int | Path]:
        """Open a folder: yield its handle, or its path if the system does not support handles."""
        _refuse_invalid(parts)
        if not HAS_HANDLES:
            path = self.root.joinpath(*parts)
            if create:
                path.mkdir(parents=True, exist_ok=True)
            yield path
            return
        handle = os.open(self.root, _FOLDER)
        try:
            for part in parts:
                if create:
                    _make_in(handle, part)
                inner = os.open(part, _FOLDER, dir_fd=handle)
                os.close(handle)
                handle = inner
            yield handle
        finally:
            os.close(handle)


def _refuse_invalid(parts: Parts) -> None:
    for part in parts:
        if part in ("", ".", "..") or "/" in part or "\0" in part:
            raise OSError(f"{part!r} is not a valid file name")


def _make_in(handle: int, name: str) -> None:
    try:
        os.mkdir(name, 0o755, dir_fd=handle)
    except FileExistsError:
        return


def _opened(parent: int | Path, name: str, flags: int, mode: int = 0o777) -> int:
    _refuse_invalid((name,))
    if isinstance(parent, int):
        return os.open(name, flags, mode, dir_fd=parent)
    return os.open(parent / name, flags, mode)


def _set_mode(handle: int, path: Path, mode: int) -> None:
    if HAS_HANDLES:
        os.fchmod(handle, mode)
    else:
        path.chmod(mode)
