"""Operations on paths as strings.

``pathlib`` is not used here: importing it takes 4 ms at every start, as long as everything else in a one-row run.
"""

# ruff: noqa: PTH105, PTH108, PTH112, PTH118, PTH119, PTH120, PTH121, PTH122

from __future__ import annotations

import os
from contextlib import suppress


def base(path: str) -> str:
    """Return the name without the folder."""
    return os.path.basename(path)


def split_ending(path: str) -> tuple[str, str]:
    """Return the path without its extension, and the extension with its dot."""
    return os.path.splitext(path)


def without_gz(path: str) -> str:
    """Return the path without the extension ``.gz``, if it has one in upper or lower case."""
    stem, ending = split_ending(path)
    return stem if ending.lower() == ".gz" else path


def beside(path: str, name: str) -> str:
    """Return the path of another file in the same folder.

    Args:
        path: a file in the folder.
        name: name of the other file.
    """
    return os.path.join(os.path.dirname(path), name)


def is_folder(path: str) -> bool:
    """Return whether a path is a folder."""
    return os.path.isdir(path)


def is_same(one: str, other: str) -> bool:
    """Return whether two paths are the same file, or, if there is no file yet, the same location.

    Args:
        one: a path.
        other: another path.
    """
    try:
        if os.path.samefile(one, other):  # also hard links, and case-insensitive names
            return True
    except (OSError, ValueError):
        pass
    try:
        return os.path.realpath(one) == os.path.realpath(other)
    except (OSError, ValueError):
        return False


def remove(path: str) -> None:
    """Remove a file."""
    os.unlink(path)


def remove_if_there(path: str) -> None:
    """Remove a file if it exists."""
    with suppress(FileNotFoundError):
        remove(path)


def rename(old: str, new: str) -> None:
    """Rename a file, and replace the file that has the new name.

    Args:
        old: the current path.
        new: the new path.
    """
    os.replace(old, new)
