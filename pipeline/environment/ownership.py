"""Ensure that only an environment created by this project is emptied or replaced.

Uses only the standard library, because this runs before anything is installed.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

MARKER = ".app07"
STAMP_NAME = "app07.json"


class NotOwned(Exception):
    """The folder holds files that this project did not create; nothing is changed."""


def empty_folder(environment: Path, root: Path) -> Path:
    """Create an empty folder for the environment, or empty the existing one, and mark it as this project's.

    Args:
        environment: the folder, or a link to one on another disk.
        root: the checkout that the environment belongs to.

    Returns:
        The folder, links resolved.

    Raises:
        NotOwned: the folder was not created by this project.
        OSError: the folder cannot be created or emptied.
    """
    folder = environment.resolve()
    _check(environment, folder, root)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()
    for path in folder.iterdir():
        if path.name == MARKER:  # kept until the end, so that an interrupted attempt is recognized
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return folder


def claim(environment: Path) -> None:
    """Mark an environment as created by this project, before its stamp is removed."""
    if (environment / STAMP_NAME).is_file():
        (environment / MARKER).touch()


def _check(environment: Path, folder: Path, root: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise NotOwned("it exists and is not a folder")
    if any(folder.iterdir()) and not any((folder / name).is_file() for name in (MARKER, STAMP_NAME)):
        raise NotOwned("it exists and was not created by this project")
    other = _root(folder)
    if (
        environment.is_symlink()
        and other
        and other != root
        and (other / environment.name).resolve() == folder
    ):
        raise NotOwned(f"it is a link to the environment of {other}")


def _root(folder: Path) -> Path | None:
    """Return the checkout that an environment was created for; None if unknown."""
    try:
        stamp = json.loads((folder / STAMP_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    root = stamp.get("root") if isinstance(stamp, dict) else None
    return Path(root) if isinstance(root, str) else None
