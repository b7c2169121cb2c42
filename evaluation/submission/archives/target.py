"""The target of an unpacked archive: a folder of a copy, in which every path is checked and counted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import BinaryIO

from evaluation.errors import NoSubmission
from evaluation.submission.copying import LEFT_OUT, Copy
from evaluation.submission.safe_tree import Parts


class Target:
    """A folder of a copy into which an archive is unpacked.

    Args:
        copy: the copy.
        folder: the folder, as path components; the copy itself if empty.
    """

    def __init__(self, copy: Copy, folder: Parts = ()) -> None:
        self._copy = copy
        self._folder = folder

    def make_folder(self, parts: Parts) -> None:
        """Create a folder; see `Copy.make_folder`."""
        self._copy.make_folder((*self._folder, *parts))

    def file(self, parts: Parts, content: Iterable[bytes], mode: int = 0o644) -> None:
        """Write a file from chunks.

        Args:
            parts: its path in the folder, as components.
            content: its content in chunks.
            mode: its permissions.
        """
        self._copy.file((*self._folder, *parts), content, mode)

    def link(self, parts: Parts, target: str) -> None:
        """Create a symbolic link if its target is inside the copy.

        Args:
            parts: its path in the folder, as components.
            target: its target, as written in the archive.
        """
        self._copy.link((*self._folder, *parts), target)

    def opened(self, parts: Parts) -> AbstractContextManager[BinaryIO]:
        """Open a file that was already written; see `Tree.opened`."""
        return self._copy.tree.opened((*self._folder, *parts))

    def remark(self, what: str, parts: Parts, text: str) -> None:
        """Record a remark about an entry for the report.

        Args:
            what: the kind of remark, as in `Remark.what`.
            parts: the path of the entry in the folder, as components.
            text: the message.
        """
        self._copy.remark(what, "/".join((*self._folder, *parts)), text)


def parts_of(name: str) -> Parts:
    """Return the path components of an archive entry.

    Args:
        name: its path as written in the archive, with the separators of any system.

    Raises:
        NoSubmission: the path is absolute, or leads out of the target.
    """
    plain = name.replace("\\", "/")
    if plain.startswith("/") or re.match(r"[A-Za-z]:", plain) or "\0" in plain:
        raise NoSubmission(f"the archive contains {name!r}: absolute paths are not allowed")
    parts = tuple(part for part in plain.split("/") if part not in ("", "."))
    if ".." in parts:
        raise NoSubmission(f"the archive contains {name!r}, which leads out of the submission")
    return parts


def is_left_out(parts: Parts) -> bool:
    """Return whether an entry is not part of a submission: the archive itself, or a file of a tool."""
    return not parts or any(part in LEFT_OUT for part in parts)
