"""Locate a submission: a folder, an archive, or a repository that git clones in a process of its own."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from evaluation.quotas import Limits
from evaluation.submission.git_clone import GitUrl, clone, is_git_url
from evaluation.submission.local_repository import copy_repository, is_bare_repository, repository_at
from evaluation.submission.submission import Remark
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
        inner: the folder of the submission in it, where the source names one.
    """

    source: str
    kind: str
    name: str
    path: Path
    remarks: tuple[Remark, ...] = ()
    submodules: tuple[SubmoduleFolder, ...] = ()
    inner: str = ""


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
        url = GitUrl.of(source)
        name = re.sub(r"\.git$", "", url.repository.rstrip("/")).rsplit("/", 1)[-1]
        return _cloned(source, url, name, folder, limits)
    if is_bare_repository(path):
        name = path.resolve().name.removesuffix(".git")
        return _cloned(source, GitUrl(path.resolve().as_uri()), name, folder, limits)
    if path.is_dir():
        return SubmissionSource(source, "folder", path.resolve().name, path.resolve())
    if path.is_file():
        return SubmissionSource(source, "zip", path.stem, path)
    raise InputMissing(
        f"{source}: no such folder or file, and not a git URL",
        hint="Give a folder, a .zip file, or a URL that begins with https://, ssh://, file://, http:// or git://.",
    )


def _cloned(source: str, url: GitUrl, name: str, folder: Path, limits: Limits) -> SubmissionSource:
    """Clone a repository; its files are copied afterwards, as those of a folder are."""
    recorder = _CloneRecorder()
    local_copy = ""
    if url.repository.startswith("file://"):
        repository = repository_at(url.repository)
        local_copy = copy_repository(repository, folder / "repository", limits).as_uri()
    clone(url, folder / "clone", recorder, limits, local_copy=local_copy)
    submodules = tuple(recorder.folders[1:])
    return SubmissionSource(
        source, "git", name, folder / "clone", tuple(recorder.remarks), submodules, url.path
    )


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
