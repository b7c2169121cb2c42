"""The submissions in a folder, and a unique folder for the reports of each."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from evaluation.sanitize import printable
from pipeline.errors import InputMissing

# A file system takes 255 bytes; a letter has up to four.
_LONGEST = 120
# Names that the overview of a class takes, and those that Windows keeps for devices, whatever the suffix.
_RESERVED = re.compile(r"(overview|gradebooks|answer_key|con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Member:
    """One submission of a class.

    Attributes:
        name: what it is called, also the folder of its reports; unlike every other, whatever the file system.
        source: the folder or zip file.
        wrong: why it cannot be evaluated; empty where it may be.
    """

    name: str
    source: Path
    wrong: str = ""


def safe_name(name: str) -> str:
    """Return a name for a folder that every system accepts and that is not one of the overview's files."""
    plain = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", name)).strip("._")
    plain = plain.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore").strip("._")
    if not plain:
        return "submission"
    return f"submission_{plain}" if _RESERVED.fullmatch(plain) else plain


def members_in(folder: Path) -> list[Member]:
    """Return the submissions in a folder: each folder, and each zip file.

    What has such a name and is something else (a link, a pipe, a device) is a member that cannot be evaluated: it
    gets a row that says so, and nothing waits for it.

    Raises:
        InputMissing: there is no such folder, or nothing to evaluate in it.
    """
    if not folder.is_dir():
        raise InputMissing(f"{folder} is not a folder", hint="A class list is a folder of submissions.")
    with os.scandir(folder) as entries:
        candidates = sorted((entry.name, _wrong(entry)) for entry in entries if _is_meant(entry))
    if not candidates:
        raise InputMissing(
            f"{printable(str(folder))} contains no folder and no zip file",
            hint="Each submission is one of these.",
        )
    names: set[str] = set()
    members = []
    for file, error in candidates:
        plain = safe_name(
            file[:-4] if file.lower().endswith(".zip") and not (folder / file).is_dir() else file
        )
        name, number = plain, 2
        while name.casefold() in names:
            name, number = f"{plain}-{number}", number + 1
        names.add(name.casefold())
        members.append(Member(name, folder / file, error))
    return members


def _is_meant(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith((".", "__")):
        return False
    return entry.name.lower().endswith(".zip") or entry.is_dir()


def _wrong(entry: os.DirEntry[str]) -> str:
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    if stat.S_ISLNK(mode):
        return "it is a link; a class list takes folders and zip files themselves, because a link may lead anywhere"
    if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
        return ""
    return "it is neither a folder nor a zip file"
