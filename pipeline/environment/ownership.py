"""Which folder may be emptied to make the project's environment: one that this project has made, and no other.

Standard library alone, because this is what runs before anything is installed.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

MARK = ".app07"
STAMP = "app07.json"


class NotOurs(Exception):
    """The folder holds something that this project has not made; it is left as it is."""


def make_room(environment: Path, root: Path) -> Path:
    """Makes an empty folder for the environment, or empties the one that is there, and marks it as this project's.

    Args:
        environment: the folder, or a link to one with more room.
        root: the checkout that it is for.

    Returns:
        The folder itself, links resolved.

    Raises:
        NotOurs: there is something else.
        OSError: it cannot be made or emptied.
    """
    folder = environment.resolve()
    _check(environment, folder, root)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    for path in folder.iterdir():
        if path.name == MARK:  # the last that goes, so that a broken attempt is known
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return folder


def mark(environment: Path) -> None:
    """Notes that an environment is this project's, before its stamp goes."""
    if (environment / STAMP).is_file():
        (environment / MARK).touch()


def _check(environment: Path, folder: Path, root: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise NotOurs("it is there, and is not a folder")
    if any(folder.iterdir()) and not any((folder / name).is_file() for name in (MARK, STAMP)):
        raise NotOurs("it is there, and this project did not make it")
    other = _root(folder)
    if (
        environment.is_symlink()
        and other
        and other != root
        and (other / environment.name).resolve() == folder
    ):
        raise NotOurs(f"it is a link to the environment of {other}")


def _root(folder: Path) -> Path | None:
    """Returns the checkout that an environment was made for; None where nobody knows."""
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    root = stamp.get("root") if isinstance(stamp, dict) else None
    return Path(root) if isinstance(root, str) else None
