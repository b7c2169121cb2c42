"""Walk and remove folders of any depth without recursion, with untrusted names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def is_larger(folder: Path, size: int, entries: int) -> bool:
    """Return whether a folder exceeds a size or a number of entries. Links are counted, not followed.

    Args:
        folder: the folder; entries that disappear in the meantime are not counted.
        size: the limit on the size in bytes.
        entries: the limit on the number of files and folders.
    """
    for entry in _entries(folder):
        entries -= 1
        with suppress(OSError):
            size -= entry.stat(follow_symlinks=False).st_size
        if size < 0 or entries < 0:
            return True
    return False


def remove_folder(folder: Path) -> None:
    """Remove a folder and its content as far as possible, without following links.

    `shutil.rmtree` is recursive, and a repository can be nested more deeply than Python's recursion limit.

    Args:
        folder: the folder; no other process may write to it.
    """
    folders = [str(folder)]
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.path)
            continue
        with suppress(OSError):
            os.unlink(entry.path)  # noqa: PTH108  (plain text paths: there are many)
    for path in reversed(folders):  # inner folders come later in the list
        with suppress(OSError):
            os.rmdir(path)  # noqa: PTH106


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield all entries of a folder, each folder before its content, keeping only one folder in memory at a time."""
    waiting = [str(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as iterator:
            for entry in list(iterator):
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                yield entry
