"""The few things that are done with paths as text.

``pathlib`` would say them better, but loading it takes 4 ms at every start, as long as all else that a
one-row run does.
"""

# ruff: noqa: PTH105, PTH108, PTH112, PTH118, PTH119, PTH120, PTH121, PTH122

from __future__ import annotations

import os
from contextlib import suppress


def base(path: str) -> str:
    """Returns the name without the folder."""
    return os.path.basename(path)


def split_ending(path: str) -> tuple[str, str]:
    """Returns the path without its ending, and the ending with its dot."""
    return os.path.splitext(path)


def beside(path: str, name: str) -> str:
    """Returns the path of another file in the same folder."""
    return os.path.join(os.path.dirname(path), name)


def is_folder(path: str) -> bool:
    """Says whether there is a folder of that name."""
    return os.path.isdir(path)


def is_same(one: str, other: str) -> bool:
    """Says whether two names lead to the same file, or to the same place where there is none yet."""
    try:
        if os.path.samefile(
            one, other
        ):  # also hard links, and names in other letters where these are the same
            return True
    except (OSError, ValueError):
        pass
    try:
        return os.path.realpath(one) == os.path.realpath(other)
    except (OSError, ValueError):
        return False


def remove(path: str) -> None:
    """Removes a file."""
    os.unlink(path)


def remove_if_there(path: str) -> None:
    """Removes a file; that there is none is fine."""
    with suppress(FileNotFoundError):
        remove(path)


def rename(old: str, new: str) -> None:
    """Gives a file another name, and takes that name from whatever file had it."""
    os.replace(old, new)
