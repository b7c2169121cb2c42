"""Unpack archives within an upload, if the submission itself is in one of them."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.submission.archives.kinds import stem_of, suffix_of
from evaluation.submission.archives.target import Target
from evaluation.submission.archives.tools import Tools
from evaluation.submission.archives.unpack import unpack
from evaluation.submission.copying import Copy
from evaluation.submission.safe_tree import Parts

# Maximum depth at which archives are looked for, and maximum number of archives that are unpacked.
_DEPTH = 3
_MOST = 10


class NestedArchives:
    """The archives in a copied tree.

    Args:
        copy: the tree.
        limits: limits on the size of a submission, which apply to the whole tree.
        tools: the programs on this machine for 7z and rar.

    Attributes:
        folders: the folders to which archives were unpacked, with the folder in which each archive was.
        errors: why archives could not be unpacked.
    """

    def __init__(self, copy: Copy, limits: Limits, tools: Tools) -> None:
        self._copy = copy
        self._limits = limits
        self._tools = tools
        self._left = _MOST
        self._failed: set[Parts] = set()
        self.folders: dict[str, str] = {}
        self.errors: list[NoSubmission] = []

    def unpack_in(self, folders: Sequence[str] | None) -> bool:
        """Unpack the archives in the given folders, each to a folder of the same name; the archives are removed.

        Args:
            folders: the folders, relative to the tree; None for all that are not nested too deeply.

        Returns:
            Whether any archive was unpacked.
        """
        unpacked = False
        for parts, is_folder in self._copy.tree.entries():
            inside = "/".join(parts[:-1])
            if is_folder or not suffix_of(parts[-1]) or len(parts) > _DEPTH + 1 or parts in self._failed:
                continue
            if (folders is None or inside in folders) and self._left > 0:
                self._left -= 1
                unpacked |= self._unpack(parts)
        return unpacked

    def _unpack(self, parts: Parts) -> bool:
        copy = self._copy
        path = copy.target.joinpath(*parts)
        folder = (*parts[:-1], self._free_name(parts))
        counted = copy.counted
        try:
            copy.make_folder(folder)
            unpack(path, Target(copy, folder), self._limits, self._tools, _beside(copy.target))
        except (NoSubmission, OSError) as error:
            copy.remove(folder, counted)
            self._failed.add(parts)
            failed = (
                error if isinstance(error, NoSubmission) else NoSubmission(f"{parts[-1]}: {error.strerror}")
            )
            self.errors.append(failed)
            copy.remark("unreadable", "/".join(parts), f"was not unpacked: {failed.message}")
            return False
        copy.tree.unlink(parts)
        inner = _only_folder(copy.target.joinpath(*folder))
        if inner is not None and inner.name.casefold() == folder[-1].casefold():
            _replace_by(inner)
        self.folders["/".join(folder)] = "/".join(parts[:-1])
        copy.remark("archive", "/".join(parts), "is an archive in the upload; it was unpacked")
        return True

    def _free_name(self, parts: Parts) -> str:
        name = stem_of(parts[-1])
        while self._copy.tree.has((*parts[:-1], name)):
            name += "-unpacked"
        return name


def _beside(target: Path) -> Path:
    return target.with_name(f"{target.name}.unpacked")


def _only_folder(folder: Path) -> Path | None:
    entries = list(folder.iterdir())
    only = entries[0] if len(entries) == 1 else None
    return only if only is not None and stat.S_ISDIR(only.lstat().st_mode) else None


def _replace_by(inner: Path) -> None:
    """Replace a folder by its only entry, which is a folder."""
    outer = inner.parent
    moved = outer.with_name(f"{outer.name}-inner")
    while moved.exists() or moved.is_symlink():
        moved = moved.with_name(f"{moved.name}-inner")
    inner.rename(moved)
    outer.rmdir()
    moved.rename(outer)
