"""Clones a repository that nobody trusts: shallow, without hooks or filters, over git's own protocols only."""

from __future__ import annotations

import re
from pathlib import Path

from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.submission.git_command import SAFE_OPTIONS, CloneTarget, check_out, run_git
from evaluation.submission.submodules import copy_submodules

_SCHEMES = re.compile(r"(https|ssh|file|http|git)://|[\w.-]+@[\w.-]+:(?!//)")
_LIKE_A_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:|[A-Za-z]+::")


def is_git_url(source: str) -> bool:
    """Whether this is meant as the URL of a repository."""
    return bool(_LIKE_A_URL.match(source))


def clone(source: str, place: Path, copy: CloneTarget, limits: Limits, *, instead: str = "") -> None:
    """Clones a repository and copies its files.

    Args:
        source: its URL; ``#NAME`` behind it chooses a branch or a tag.
        place: where the clone goes.
        copy: where its files go.
        limits: how long it may take and how large it may be.
        instead: the URL of a copy of ours, where the repository lies on this machine.

    Raises:
        NoSubmission: another scheme, no such repository, too large, too slow.
    """
    url = source.partition("#")[0]
    if not _SCHEMES.match(url):
        raise NoSubmission(
            f"{url.split(':')[0]}: is not allowed for a repository",
            hint="Use https://, ssh://, file://, http:// or git://.",
        )
    name = branch_of(source)
    # The last three only where they were typed: nothing that was cloned may lead there.
    scheme = url.partition("://")[0]
    typed = ("-c", f"protocol.{scheme}.allow=always") if scheme in ("file", "http", "git") else ()
    branch = ("--branch", name) if name else ()
    # A server of plain files, as they are typically reached over http://, cannot give a part of the history.
    depth = () if scheme == "http" else ("--depth", "1")
    words = (
        *depth,
        "--single-branch",
        "--no-tags",
        "--template=",
        "--no-checkout",
        *branch,
        "--",
        instead or url,
        str(place),
    )
    run_git(
        [*SAFE_OPTIONS, *typed, "clone", "--quiet", *words],
        place,
        limits,
        f"{url} cannot be cloned",
        use_user_config=True,
    )
    check_out(place, "HEAD", limits)
    copy.folder(place)
    copy_submodules(url, place, copy, limits)


def branch_of(source: str) -> str:
    """The branch or tag that stands behind a URL; empty where there is none.

    Raises:
        NoSubmission: git would take it for an option.
    """
    name = source.partition("#")[2]
    if name.startswith("-"):
        raise NoSubmission(f"{name} is no name of a branch or a tag")
    return name
