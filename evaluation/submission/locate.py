"""Locate a submission: a folder, an archive, or a repository, which git clones in a separate process."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import InputMissing
from evaluation.quotas import Limits
from evaluation.sanitize import without_credentials
from evaluation.submission.archives.kinds import stem_of, suffix_of
from evaluation.submission.archives.tools import NO_TOOLS, Tools, find_tools
from evaluation.submission.git_clone import GitUrl, clone, is_git_url
from evaluation.submission.local_repository import copy_repository, is_bare_repository, repository_at
from evaluation.submission.submission import Remark


@dataclass(frozen=True)
class SubmoduleFolder:
    """The clone of a submodule.

    Attributes:
        path: the path of the clone.
        parts: the path of its folder in the submission, as components.
    """

    path: Path
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class LooseFile:
    """One of several files that a student has submitted without a folder.

    Attributes:
        path: the path of the file.
        name: the original name of the file.
    """

    path: Path
    name: str


@dataclass(frozen=True)
class SubmissionSource:
    """The location of a submission, before it is read.

    Attributes:
        source: the source as the user typed it.
        kind: folder, git, files, or the kind of archive by its extension: zip, tar.gz and so on.
        name: the name of the submission in reports.
        path: the path of the folder, the archive, or the clone of a repository.
        remarks: the remarks that were recorded while it was cloned.
        submodules: the clones of its submodules.
        inner: the folder of the submission in the source, if the source names one; else empty.
        files: the files, if there is no folder.
        tools: the programs on this machine for archives that Python cannot open.
    """

    source: str
    kind: str
    name: str
    path: Path
    remarks: tuple[Remark, ...] = ()
    submodules: tuple[SubmoduleFolder, ...] = ()
    inner: str = ""
    files: tuple[LooseFile, ...] = ()
    tools: Tools = NO_TOOLS


def locate_source(
    source: str, folder: Path, limits: Limits, files: Sequence[LooseFile] = ()
) -> SubmissionSource:
    """Locate a submission; a repository is cloned by git in a separate process.

    Args:
        source: a folder, an archive or a git URL.
        folder: an empty working folder of the evaluation.
        limits: limits on the size of the submission.
        files: the files of a folder that belong to the submission; empty for the whole folder.

    Raises:
        InputMissing: the source was not found.
        NoSubmission: the repository cannot be cloned.
    """
    path = Path(source)
    if not os.path.lexists(path):  # a folder may be named ~
        path = path.expanduser()
    if is_git_url(source) and not path.exists():
        url = GitUrl.of(source)
        name = re.sub(r"\.git$", "", without_credentials(url.repository).rstrip("/")).rsplit("/", 1)[-1]
        return _cloned(source, url, name, folder, limits)
    if is_bare_repository(path):
        name = path.resolve().name.removesuffix(".git")
        return _cloned(source, GitUrl(path.resolve().as_uri()), name, folder, limits)
    if path.is_dir():
        name, kind = path.resolve().name, "files" if files else "folder"
        return SubmissionSource(source, kind, name, path.resolve(), files=tuple(files), tools=find_tools())
    if path.is_file():
        kind = suffix_of(path.name).lstrip(".").casefold() or "file"
        name = stem_of(path.name) if suffix_of(path.name) else path.stem
        return SubmissionSource(source, kind, name, path, tools=find_tools())
    raise InputMissing(
        f"{source}: no such folder or file, and not a git URL",
        hint="Specify a folder, an archive such as a .zip file, or a URL that begins with https://, ssh://, file://, "
        "http:// or git://.",
    )


def _cloned(source: str, url: GitUrl, name: str, folder: Path, limits: Limits) -> SubmissionSource:
    """Clone a repository; its files are copied afterwards, like those of a folder."""
    recorder = _CloneRecorder()
    local_copy = ""
    if url.repository.startswith("file://"):
        repository = repository_at(url.repository)
        local_copy = copy_repository(repository, folder / "repository", limits).as_uri()
    clone(url, folder / "clone", recorder, limits, local_copy=local_copy)
    submodules = tuple(recorder.folders[1:])
    return SubmissionSource(
        source,
        "git",
        name,
        folder / "clone",
        tuple(recorder.remarks),
        submodules,
        url.path,
        tools=find_tools(),
    )


class _CloneRecorder:
    """Records the remarks about a clone and the folders to copy later."""

    def __init__(self) -> None:
        self.remarks: list[Remark] = []
        self.folders: list[SubmoduleFolder] = []

    def remark(self, what: str, where: str, text: str) -> None:
        """Record a remark for the report.

        Args:
            what: the kind of remark, as in `Remark.what`.
            where: the path of the file, relative to the submission.
            text: the message.
        """
        self.remarks.append(Remark(what, where, text))

    def folder(self, source: Path, parts: tuple[str, ...] = ()) -> None:
        """Record a folder to copy later.

        Args:
            source: the folder.
            parts: the path of its folder in the submission, as components.
        """
        self.folders.append(SubmoduleFolder(source, parts))
