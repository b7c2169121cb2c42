"""Locate and copy a submission, within limits; nothing of it is executed."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.submission.copying import Copy
from evaluation.submission.git_clone import branch_of, clone, is_git_url
from evaluation.submission.local_repository import copy_repository, is_bare_repository, repository_at
from evaluation.submission.submission import MARKS, Remark, Submission
from evaluation.submission.unzip import unzip
from pipeline.errors import InputMissing


@dataclass(frozen=True)
class SubmoduleFolder:
    """The clone of a submodule.

    Attributes:
        path: the clone.
        parts: its folder in the submission, as path components.
    """

    path: Path
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class SubmissionSource:
    """The location of a submission, before it is read.

    Attributes:
        source: the source as the user typed it.
        kind: folder, zip or git.
        name: its name in reports.
        path: the folder, the zip file, or the clone of a repository.
        remarks: what was found while it was cloned.
        submodules: the clones of its submodules.
    """

    source: str
    kind: str
    name: str
    path: Path
    remarks: tuple[Remark, ...] = ()
    submodules: tuple[SubmoduleFolder, ...] = ()


def copy_submission(source: str, folder: Path, limits: Limits) -> Submission:
    """Copy a submission in this process; an evaluation does it in a worker.

    Args:
        source: a folder, a zip file or a git URL.
        folder: an empty folder of the evaluation.
        limits: limits on its size.

    Raises:
        InputMissing: The source was not found.
        NoSubmission: It is not a submission, too large, or has paths that lead out of it.
    """
    return copy_source(locate_source(source, folder, limits), folder, limits)


def locate_source(source: str, folder: Path, limits: Limits) -> SubmissionSource:
    """Locate a submission; a repository is cloned by git, in a process of its own.

    Args:
        source: a folder, a zip file or a git URL.
        folder: an empty folder of the evaluation.
        limits: limits on its size.

    Raises:
        InputMissing: The source was not found.
        NoSubmission: It cannot be cloned.
    """
    path = Path(source)
    if not os.path.lexists(path):  # a folder may be called ~
        path = path.expanduser()
    if is_git_url(source) and not path.exists():
        name = re.sub(r"\.git$", "", source.partition("#")[0].rstrip("/")).rsplit("/", 1)[-1]
        return _cloned(source, source, name, folder, limits)
    if is_bare_repository(path):
        name = path.resolve().name.removesuffix(".git")
        return _cloned(source, path.resolve().as_uri(), name, folder, limits)
    if path.is_dir():
        return SubmissionSource(source, "folder", path.resolve().name, path.resolve())
    if path.is_file():
        return SubmissionSource(source, "zip", path.stem, path)
    raise InputMissing(
        f"{source}: no such folder or file, and not a git URL",
        hint="Give a folder, a .zip file, or a URL that begins with https://, ssh://, file://, http:// or git://.",
    )


def _cloned(source: str, url: str, name: str, folder: Path, limits: Limits) -> SubmissionSource:
    """Clone a repository; its files are copied afterwards, as those of a folder are."""
    recorder = _CloneRecorder()
    local_copy = ""
    branch_of(url)
    if url.startswith("file://"):
        repository = repository_at(url.partition("#")[0])
        local_copy = copy_repository(repository, folder / "repository", limits).as_uri()
    clone(url, folder / "clone", recorder, limits, local_copy=local_copy)
    submodules = tuple(recorder.folders[1:])
    return SubmissionSource(source, "git", name, folder / "clone", tuple(recorder.remarks), submodules)


class _CloneRecorder:
    """Records the remarks about a clone, and the folders that are copied later."""

    def __init__(self) -> None:
        self.remarks: list[Remark] = []
        self.folders: list[SubmoduleFolder] = []

    def remark(self, what: str, where: str, text: str) -> None:
        """Record something for the report.

        Args:
            what: the kind of remark, as in `Remark.what`.
            where: the file, relative to the submission.
            text: the message.
        """
        self.remarks.append(Remark(what, where, text))

    def folder(self, source: Path, parts: tuple[str, ...] = ()) -> None:
        """Record a folder that is copied later.

        Args:
            source: the folder.
            parts: its folder in the submission, as path components.
        """
        self.folders.append(SubmoduleFolder(source, parts))


def copy_source(location: SubmissionSource, folder: Path, limits: Limits) -> Submission:
    """Copy or unpack a submission that was located.

    Args:
        location: its location.
        folder: an empty folder of the evaluation.
        limits: limits on its size.

    Raises:
        NoSubmission: It is not a submission, too large, or has paths that lead out of it.
    """
    copy = Copy(folder / "files", limits)
    if location.kind == "zip":
        unzip(location.path, copy, limits)
    else:
        copy.folder(location.path)
        for submodule in location.submodules:
            copy.folder(submodule.path, submodule.parts)
    root = _find_root(copy, location.source)
    remarks = (*location.remarks, *copy.remarks, *_remove_leftovers(root))
    return Submission(location.name, location.source, location.kind, root, remarks)


def _find_root(copy: Copy, source: str) -> Path:
    """Return the folder of the submission: the top one, or the only one further down."""
    folders = [copy.target]
    for depth in range(4):
        roots = [candidate for candidate in folders if any((candidate / mark).exists() for mark in MARKS)]
        if len(roots) > 1:
            names = ", ".join(
                sorted(candidate.relative_to(copy.target).as_posix() for candidate in roots)[:5]
            )
            raise NoSubmission(
                f"{source} contains {len(roots)} submissions: {names}",
                hint="Name one of them, or use --class-list.",
            )
        if roots:
            if depth:
                relative = roots[0].relative_to(copy.target).as_posix()
                copy.remark("nested", relative, f"its files are in {relative}/, not at the top level")
            return roots[0]
        folders = [
            candidate
            for parent in folders
            for candidate in sorted(parent.iterdir())
            if _may_contain_root(candidate)
        ]
    raise NoSubmission(
        f"{source} is not a submission: expected a docker-compose.yml or one of the folders "
        "container1_activationbase, container2_knowledgebase and container3_codebase",
        hint="Name the folder that contains docker-compose.yml.",
    )


def _may_contain_root(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and folder.name != "__MACOSX"


def _remove_leftovers(root: Path) -> list[Remark]:
    """Remove the files of an earlier run from shared_data/: they are not results of this evaluation."""
    folder = root / "shared_data"
    if folder.is_symlink() or not folder.is_dir():
        return []
    files = [path for path in sorted(folder.rglob("*")) if not path.is_dir() or path.is_symlink()]
    leftovers = [path for path in files if not path.name.startswith(".git")]
    for path in leftovers:
        path.unlink()
    if not leftovers:
        return []
    named = ", ".join(path.relative_to(root).as_posix() for path in leftovers[:4])
    text = (
        f"{named}{' and more' if len(leftovers) > 4 else ''}: ignored; only the files that a run writes count"
    )
    return [Remark("leftover", "shared_data/", text)]
