"""A folder of our own that is filled with a stranger's names: no link in it is ever followed.

Every path is walked one folder at a time, each opened relative to the one before and refused where it is a link,
and every file is created new. Where the system has no such calls (Windows), no link is ever made in the folder, so
that plain paths lead to the same places.
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
# O_NONBLOCK: a pipe that took the place of a file is not waited for.
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def leads_inside(depth: int, target: str) -> bool:
    """Whether a link in a folder that lies `depth` folders deep stays inside, whatever else is or will be there.

    It may climb first and then name folders, never the other way round: ``a/../b`` leads elsewhere as soon as ``a``
    is a link itself. When all links of a tree are like that, none of them leads out of it.
    """
    if not target or "\0" in target or target.startswith("/") or "\\" in target:
        return False
    parts = [part for part in target.split("/") if part not in ("", ".")]
    climbs = next((place for place, part in enumerate(parts) if part != ".."), len(parts))
    return climbs <= depth and ".." not in parts[climbs:]


class Tree:
    """A folder that only this program writes to.

    Args:
        root: the folder; it is there, and its path is ours.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def make(self, parts: Parts) -> None:
        """Makes a folder, with those that it lies in; one that is there already is kept.

        Raises:
            OSError: a part of the path is a file or a link.
        """
        with self._at(parts, make=True):
            pass

    def write(self, parts: Parts, content: Iterable[bytes], mode: int = 0o644) -> None:
        """Writes a file that is not there yet, with the folders that it lies in.

        Raises:
            FileExistsError: there is something of this name.
            OSError: a part of the path is a file or a link.
        """
        with self._at(parts[:-1], make=True) as at:
            handle = _opened(at, parts[-1], _NEW, 0o600)
        with os.fdopen(handle, "wb") as file:
            for chunk in content:
                file.write(chunk)
            _set_mode(file.fileno(), self.root.joinpath(*parts), (mode & 0o777) | 0o600)

    def link(self, parts: Parts, target: str) -> None:
        """Makes a symbolic link; the caller has asked `leads_inside`."""
        with self._at(parts[:-1], make=True) as at:
            if isinstance(at, int):
                os.symlink(target, parts[-1], dir_fd=at)
            else:
                raise OSError("links are not made on this system")

    def unlink(self, parts: Parts) -> None:
        """Removes a file or a link."""
        with self._at(parts[:-1]) as at:
            if isinstance(at, int):
                os.unlink(parts[-1], dir_fd=at)
            else:
                (at / parts[-1]).unlink()

    def goes_in_circles(self, parts: Parts) -> bool:
        """Whether following a link leads back to itself."""
        with self._at(parts[:-1]) as at:
            try:
                if isinstance(at, int):
                    os.stat(parts[-1], dir_fd=at)
                else:
                    (at / parts[-1]).stat()
            except FileNotFoundError:
                return False
            except OSError:
                return True
        return False

    def has(self, parts: Parts) -> bool:
        """Whether there is anything of this name, a link among them."""
        try:
            with self._at(parts[:-1]) as at:
                if isinstance(at, int):
                    os.stat(parts[-1], dir_fd=at, follow_symlinks=False)
                else:
                    (at / parts[-1]).lstat()
        except OSError:
            return False
        return True

    def read(self, parts: Parts, most: int) -> bytes | None:
        """The first bytes of a regular file; None where there is none, or a link."""
        try:
            with self.opened(parts) as file:
                return file.read(most)
        except OSError:
            return None

    @contextmanager
    def opened(self, parts: Parts) -> Iterator[BinaryIO]:
        """A regular file, open for reading.

        Raises:
            OSError: it is none.
        """
        with self._at(parts[:-1]) as at:
            handle = _opened(at, parts[-1], _READ)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError("is no regular file")
            yield file

    def set_modes(self, wanted: Callable[[Parts], int | None]) -> None:
        """Sets the modes of files and folders; `wanted` says which, None leaves one as it is."""
        for parts, is_folder in self.entries():
            mode = wanted(parts)
            if mode is None:
                continue
            mode |= (0o700 | 0o111) if is_folder else 0o400
            with self._at(parts[:-1]) as at:
                handle = _opened(at, parts[-1], _FOLDER if is_folder else _READ) if HAS_HANDLES else -1
            try:
                _set_mode(handle, self.root.joinpath(*parts), mode)
            finally:
                if handle >= 0:
                    os.close(handle)

    def entries(self, under: Parts = ()) -> list[tuple[Parts, bool]]:
        """All files and folders, links left out: each with whether it is a folder."""
        found: list[tuple[Parts, bool]] = []
        waiting = [under]
        while waiting:
            folder = waiting.pop()
            with self._at(folder) as at, os.scandir(at) as listed:
                for entry in sorted(listed, key=lambda one: one.name):
                    parts = (*folder, entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(parts)
                        found.append((parts, True))
                    elif entry.is_file(follow_symlinks=False):
                        found.append((parts, False))
        return sorted(found)

    @contextmanager
    def _at(self, parts: Parts, *, make: bool = False) -> Iterator[int | Path]:
        """A handle of a folder; its path where the system has no handles."""
        _refuse_odd(parts)
        if not HAS_HANDLES:
            place = self.root.joinpath(*parts)
            if make:
                place.mkdir(parents=True, exist_ok=True)
            yield place
            return
        handle = os.open(self.root, _FOLDER)
        try:
            for part in parts:
                if make:
                    _make_in(handle, part)
                inner = os.open(part, _FOLDER, dir_fd=handle)
                os.close(handle)
                handle = inner
            yield handle
        finally:
            os.close(handle)


def _refuse_odd(parts: Parts) -> None:
    for part in parts:
        if part in ("", ".", "..") or "/" in part or "\0" in part:
            raise OSError(f"{part!r} is no name of a file")


def _make_in(handle: int, name: str) -> None:
    try:
        os.mkdir(name, 0o755, dir_fd=handle)
    except FileExistsError:
        return


def _opened(at: int | Path, name: str, flags: int, mode: int = 0o777) -> int:
    _refuse_odd((name,))
    if isinstance(at, int):
        return os.open(name, flags, mode, dir_fd=at)
    return os.open(at / name, flags, mode)


def _set_mode(handle: int, path: Path, mode: int) -> None:
    if HAS_HANDLES:
        os.fchmod(handle, mode)
    else:
        path.chmod(mode)
