"""Folders of our own that may hold a stranger's names: walked and removed without recursion, however deep they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def is_larger(folder: Path, size: int, entries: int) -> bool:
    """Whether a folder holds more bytes, or more files and folders. Links count as what they are.

    What vanishes meanwhile does not count.
    """
    for entry in _entries(folder):
        entries -= 1
        with suppress(OSError):
            size -= entry.stat(follow_symlinks=False).st_size
        if size < 0 or entries < 0:
            return True
    return False


def remove_folder(folder: Path) -> None:
    """Removes a folder with everything in it, as far as that can be done. No link is followed.

    Nobody else writes to it any more. `shutil.rmtree` calls itself for every folder in a folder, and a repository
    can hold more of them in one another than Python allows calls.
    """
    folders = [str(folder)]
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.path)
            continue
        with suppress(OSError):
            os.unlink(entry.path)  # noqa: PTH108  (a path as text: there are many of them)
    for path in reversed(folders):  # what lies inside was found later
        with suppress(OSError):
            os.rmdir(path)  # noqa: PTH106


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Everything in a folder, a folder before what lies in it; one folder is in memory at a time."""
    waiting = [str(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as listed:
            for entry in list(listed):
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                yield entry
