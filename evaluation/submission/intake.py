"""Takes a submission in: everything is copied first, within limits, and nothing of it is executed."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.submission.copying import Copy
from evaluation.submission.git_clone import branch_of, clone, is_git_url
from evaluation.submission.local_repository import copied_repository, is_bare_repository, repository_at
from evaluation.submission.submission import MARKS, Remark, Submission
from evaluation.submission.unzip import unzip
from pipeline.errors import InputMissing


@dataclass(frozen=True)
class SubmoduleFolder:
    """A folder whose files become part of a submission.

    Attributes:
        path: the folder.
        parts: where in the submission its files go.
    """

    path: Path
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class SubmissionSource:
    """Where a submission is, before anything of it is read.

    Attributes:
        source: as it was typed.
        kind: folder, zip or git.
        name: what to call it.
        path: the folder or the zip file; of a repository the clone.
        remarks: what was noticed on the way.
        submodules: the clones of a repository's submodules.
    """

    source: str
    kind: str
    name: str
    path: Path
    remarks: tuple[Remark, ...] = ()
    submodules: tuple[SubmoduleFolder, ...] = ()


def take_in(source: str, place: Path, limits: Limits) -> Submission:
    """Copies a submission to a place of its own, in this process; an evaluation has a worker do it.

    Args:
        source: a folder, a zip file or a git URL.
        place: an empty folder that only this evaluation uses.
        limits: how large it may be.

    Raises:
        InputMissing: there is nothing of this name.
        NoSubmission: it is none, it is too large, or it climbs out of its place.
    """
    return copy_source(locate_source(source, place, limits), place, limits)


def locate_source(source: str, place: Path, limits: Limits) -> SubmissionSource:
    """Says what is meant by a source; a repository is cloned, by git in a process of its own.

    Args:
        source: a folder, a zip file or a git URL.
        place: an empty folder that only this evaluation uses.
        limits: how large it may be.

    Raises:
        InputMissing: there is nothing of this name.
        NoSubmission: it cannot be cloned.
    """
    path = Path(source)
    if not os.path.lexists(path):  # a submission may be called ~, and be named from within its folder
        path = path.expanduser()
    if is_git_url(source) and not path.exists():
        name = re.sub(r"\.git$", "", source.partition("#")[0].rstrip("/")).rsplit("/", 1)[-1]
        return _cloned(source, source, name, place, limits)
    if is_bare_repository(path):
        name = path.resolve().name.removesuffix(".git")
        return _cloned(source, path.resolve().as_uri(), name, place, limits)
    if path.is_dir():
        return SubmissionSource(source, "folder", path.resolve().name, path.resolve())
    if path.is_file():
        return SubmissionSource(source, "zip", path.stem, path)
    raise InputMissing(
        f"{source}: there is no such folder or file, and it is no git URL",
        hint="Give a folder, a .zip file, or a URL that begins with https://, ssh://, file://, http:// or git://.",
    )


def _cloned(source: str, url: str, name: str, place: Path, limits: Limits) -> SubmissionSource:
    """Clones a repository; its files are copied afterwards, like those of any folder."""
    noticed = _Noticed()
    instead = ""
    branch_of(url)
    if url.startswith("file://"):
        found = repository_at(url.partition("#")[0])
        instead = copied_repository(found, place / "repository", limits).as_uri()
    clone(url, place / "clone", noticed, limits, instead=instead)
    submodules = tuple(noticed.folders[1:])
    return SubmissionSource(source, "git", name, place / "clone", tuple(noticed.remarks), submodules)


class _Noticed:
    """Stands where a clone would be copied at once: keeps what is noticed and what is to be copied."""

    def __init__(self) -> None:
        self.remarks: list[Remark] = []
        self.folders: list[SubmoduleFolder] = []

    def remark(self, what: str, where: str, text: str) -> None:
        """Notes something that a reader of the report should know."""
        self.remarks.append(Remark(what, where, text))

    def folder(self, source: Path, parts: tuple[str, ...] = ()) -> None:
        """Notes a folder that is copied later."""
        self.folders.append(SubmoduleFolder(source, parts))


def copy_source(found: SubmissionSource, place: Path, limits: Limits) -> Submission:
    """Copies or unpacks what was found.

    Args:
        found: where it is.
        place: an empty folder that only this evaluation uses.
        limits: how large it may be.

    Raises:
        NoSubmission: it is none, it is too large, or it climbs out of its place.
    """
    copy = Copy(place / "files", limits)
    if found.kind == "zip":
        unzip(found.path, copy, limits)
    else:
        copy.folder(found.path)
        for part in found.submodules:
            copy.folder(part.path, part.parts)
    root = _root_of(copy, found.source)
    remarks = (*found.remarks, *copy.remarks, *_empty_shared_data(root))
    return Submission(found.name, found.source, found.kind, root, remarks)


def _root_of(copy: Copy, source: str) -> Path:
    """The folder that the parts of a submission lie in: the top one, or the only one further down."""
    level = [copy.target]
    for depth in range(4):
        found = [folder for folder in level if any((folder / mark).exists() for mark in MARKS)]
        if len(found) > 1:
            names = ", ".join(sorted(folder.relative_to(copy.target).as_posix() for folder in found)[:5])
            raise NoSubmission(
                f"{source} holds {len(found)} submissions: {names}", hint="Give one, or use --class-list."
            )
        if found:
            if depth:
                where = found[0].relative_to(copy.target).as_posix()
                copy.remark("nested", where, f"its files lie in {where}/, not at the top")
            return found[0]
        level = [folder for parent in level for folder in sorted(parent.iterdir()) if _may_hold(folder)]
    raise NoSubmission(
        f"{source} is no submission: there is neither a docker-compose.yml nor one of the three container "
        "folders (container1_activationbase, container2_knowledgebase, container3_codebase) in it",
        hint="Give the folder that docker-compose.yml lies in.",
    )


def _may_hold(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and folder.name != "__MACOSX"


def _empty_shared_data(root: Path) -> list[Remark]:
    """What an earlier run left in shared_data is no result of this evaluation: it goes, and the folder stays."""
    folder = root / "shared_data"
    if folder.is_symlink() or not folder.is_dir():
        return []
    files = [path for path in sorted(folder.rglob("*")) if not path.is_dir() or path.is_symlink()]
    left = [path for path in files if not path.name.startswith(".git")]
    for path in left:
        path.unlink()
    if not left:
        return []
    named = ", ".join(path.relative_to(root).as_posix() for path in left[:4])
    text = f"{named}{' and more' if len(left) > 4 else ''}: not used, what counts is what a run writes"
    return [Remark("leftover", "shared_data/", text)]
