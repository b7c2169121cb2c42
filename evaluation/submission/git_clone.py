"""Clone an untrusted repository: shallow, without hooks or filters, only over git's own protocols."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.submission.git_command import SAFE_OPTIONS, CloneTarget, check_out, run_git
from evaluation.submission.submodules import copy_submodules

_SCHEMES = re.compile(r"(https|ssh|file|http|git)://|[\w.-]+@[\w.-]+:(?!//)")
_LIKE_A_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:|[A-Za-z]+::")


def is_git_url(source: str) -> bool:
    """Return whether a source is in the form of a repository URL."""
    return bool(_LIKE_A_URL.match(source))


@dataclass(frozen=True)
class GitUrl:
    """A repository URL as typed by a user: ``URL#BRANCH:PATH``, where both parts of the suffix are optional.

    Attributes:
        repository: the URL without the suffix.
        branch: a branch or a tag; empty for the default branch.
        path: the folder of the submission in the repository; empty to find it.
    """

    repository: str
    branch: str = ""
    path: str = ""

    @classmethod
    def of(cls, source: str) -> GitUrl:
        """Split a URL.

        Raises:
            NoSubmission: git would parse the branch as an option.
        """
        repository, _, suffix = source.partition("#")
        branch, _, path = suffix.partition(":")  # git does not allow colons in branch names
        if branch.startswith("-"):
            raise NoSubmission(f"{branch} is not a valid branch or tag name")
        return cls(repository, branch, path)


def clone(source: GitUrl, folder: Path, copy: CloneTarget, limits: Limits, *, local_copy: str = "") -> None:
    """Clone a repository and copy its files.

    Args:
        source: the URL of the repository.
        folder: the path of the clone.
        copy: the target of the files.
        limits: limits on time and size.
        local_copy: the URL of a safe copy, for a repository on this machine; empty otherwise.

    Raises:
        NoSubmission: the URL scheme is not allowed, or the repository does not exist, is too large or too slow.
    """
    url = source.repository
    if not _SCHEMES.match(url):
        raise NoSubmission(
            f"{url.split(':')[0]}: is not an allowed scheme of a repository URL",
            hint="Use https://, ssh://, file://, http:// or git://.",
        )
    # The last three are allowed only in the user's own URL, never in a URL from the repository.
    scheme = url.partition("://")[0]
    typed = ("-c", f"protocol.{scheme}.allow=always") if scheme in ("file", "http", "git") else ()
    branch = ("--branch", source.branch) if source.branch else ()
    # A plain file server, which is common with http://, cannot serve a shallow clone.
    depth = () if scheme == "http" else ("--depth", "1")
    words = (
        *depth,
        "--single-branch",
        "--no-tags",
        "--template=",
        "--no-checkout",
        *branch,
        "--",
        local_copy or url,
        str(folder),
    )
    run_git(
        [*SAFE_OPTIONS, *typed, "clone", "--quiet", *words],
        folder,
        limits,
        f"{url} cannot be cloned",
        use_user_config=True,
    )
    check_out(folder, "HEAD", limits)
    copy.folder(folder)
    copy_submodules(url, folder, copy, limits)
