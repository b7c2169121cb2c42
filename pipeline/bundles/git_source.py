"""Fetch the files of one commit of a repository, without hooks, filters, submodules, links and credentials."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from evaluation.errors import NoSubmission
from evaluation.quotas import DEFAULT_LIMITS, Limits
from evaluation.submission.copying import Copy
from evaluation.submission.deep_folders import remove_folder
from evaluation.submission.git_command import SAFE_OPTIONS, check_out, run_git
from evaluation.submission.git_fetch import fetch_commit, pinned_options
from evaluation.submission.safe_tree import Parts
from pipeline.bundles.addresses import (
    AddressRefused,
    Resolve,
    SourceHost,
    checked_addresses,
    is_named,
    resolve_host,
)
from pipeline.bundles.archive import check_name
from pipeline.bundles.bundle_limits import MIB, BundleLimits
from pipeline.bundles.errors import SourceFailed, SourceRefused
from pipeline.bundles.urls import SourceUrl, parse_url, shown_url

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Valid branch names of git, without characters that are special in its arguments.
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+.\-]*(/[A-Za-z0-9_][A-Za-z0-9_+.\-]*)*")
_LONGEST = 1000
_LEFT_OUT = frozenset({".git"})
_PINS_ADDRESSES = (2, 37)


@dataclass(frozen=True)
class ClonedFiles:
    """The files of a commit.

    Attributes:
        folder: the folder with the files.
        commit: the hash of the commit.
        warnings: the files that were left out.
    """

    folder: Path
    commit: str
    warnings: tuple[str, ...]


def clone_files(
    url: str,
    reference: str,
    folder: Path,
    named: Collection[SourceHost],
    limits: BundleLimits,
    resolve: Resolve = resolve_host,
) -> ClonedFiles:
    """Fetch a commit and copy its files.

    Args:
        url: the URL of the repository: https, or also http for the hosts in `named`.
        reference: a branch, a tag, or the hash of a commit; empty for the default branch.
        folder: an empty folder.
        named: hosts that may have any address and port.
        limits: the limits on time and size.
        resolve: the function that looks up the addresses of a host.

    Raises:
        SourceRefused: the URL or the reference is not allowed, or the repository is too large.
        SourceFailed: git is missing, or cannot fetch the repository.
    """
    place = parse_url(url, named, longest=limits.url)
    if place.scheme == "http" and not is_named(place.host, place.port, named):
        raise SourceRefused(
            f"{shown_url(url)} is not an https URL, which is required for repositories.", url=url
        )
    words = _reference(reference)
    try:
        addresses = checked_addresses(place.host, place.port, named, resolve)
    except AddressRefused as error:
        raise SourceRefused(f"{shown_url(url)} cannot be fetched: {error}.", url=url) from None
    clone = folder / "clone"
    try:
        commit = _fetched(place, words, addresses, clone, limits)
        if _COMMIT.fullmatch(words) and commit != words:
            raise SourceRefused(f"{words} is not a commit hash.", url=url)
        return _copied(clone, folder / "files", commit, limits)
    except NoSubmission as error:
        raise SourceFailed(_without_query(error.message, str(place)), url=url) from None
    finally:
        remove_folder(clone)


def _reference(reference: str) -> str:
    if not reference:
        return "HEAD"
    if _COMMIT.fullmatch(reference):
        return reference
    if len(reference) > 200 or ".." in reference or not _BRANCH.fullmatch(reference):
        raise SourceRefused(f"{reference[:80]!a} is not a valid branch name or commit hash.")
    return reference


def _fetched(
    place: SourceUrl, reference: str, addresses: list[str], clone: Path, limits: BundleLimits
) -> str:
    git_limits = _git_limits(limits)
    _check_version(clone.parent, git_limits)
    # No proxy, which would look up the name again; no configuration, no credentials (.netrc), and no files of the user.
    options = ["-c", "http.proxy=", "-c", "credential.helper=", "-c", "protocol.ssh.allow=never"]
    if place.scheme == "http":
        options += ["-c", "protocol.http.allow=always"]
    # git also exits by itself, in case the process that would stop it has ended.
    options += ["-c", "http.lowSpeedLimit=1000", "-c", f"http.lowSpeedTime={limits.connect_seconds:.0f}"]
    return fetch_commit(
        str(place),
        reference,
        clone,
        git_limits,
        f"{shown_url(str(place))} cannot be fetched",
        options=(*options, *pinned_options(place.host, place.port, addresses)),
        environment={"HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull, "SSH_AUTH_SOCK": ""},
    )


def _check_version(folder: Path, limits: Limits) -> None:
    found = run_git(["version"], folder, limits, "git does not report its version")
    numbers = re.search(r"(\d+)\.(\d+)", found)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < _PINS_ADDRESSES:
        raise NoSubmission("git 2.37 or later is needed: earlier versions cannot connect to a fixed address")


def _copied(clone: Path, target: Path, commit: str, limits: BundleLimits) -> ClonedFiles:
    modules = _checked_files(clone, commit, limits)
    check_out(clone, commit, _git_limits(limits))
    copy = _PlainFiles(target, _git_limits(limits), leave_out=_LEFT_OUT)
    copy.folder(clone)
    warnings = [f"{remark.where}: {remark.text}" for remark in copy.remarks]
    warnings += [f"{name}: is a submodule, which is not fetched" for name in modules]
    return ClonedFiles(target, commit, tuple(ascii(text[:300])[1:-1] for text in warnings[:20]))


def _checked_files(clone: Path, commit: str, limits: BundleLimits) -> list[str]:
    """Check the files of a commit before they are written, and return the names of its submodules.

    A commit of a few hundred bytes can contain billions of files, or terabytes of zeros.

    Raises:
        NoSubmission: the commit has too many files, or they are too large.
    """
    words = ["-C", str(clone), *SAFE_OPTIONS, "ls-tree", "-r", "--long", commit]
    listed = run_git(words, clone, _git_limits(limits), "it has too many files")
    lines = [line.partition("\t") for line in listed.splitlines()]
    if len(lines) > limits.repository_files:
        raise NoSubmission(f"it has more than {limits.repository_files:,} files")
    size = 0
    for facts, _, name in lines:
        if len(name) > _LONGEST:
            raise NoSubmission(f"{name[:80]}... is a path of more than {_LONGEST} characters")
        number = facts.split()[-1]
        size += int(number) if number.isdecimal() else 0
    if size > limits.repository_size:
        raise NoSubmission(f"its files are larger than {limits.repository_size // MIB} MiB in total")
    return [name for facts, _, name in lines if facts.startswith("160000 ")]


def _git_limits(limits: BundleLimits) -> Limits:
    return replace(
        DEFAULT_LIMITS,
        clone_seconds=limits.clone_seconds,
        clone_memory=limits.clone_memory,
        total_size=limits.repository_size,
        file_size=limits.repository_size,
        files=limits.repository_files,
    )


def _without_query(message: str, url: str) -> str:
    return message.replace(url, shown_url(url))[:_LONGEST] + "."


class _PlainFiles(Copy):
    """Copies regular files and folders, leaves out links, and refuses names that are unsafe in an archive."""

    def link(self, parts: Parts, target: str) -> None:
        """Leave out a link and add a remark.

        Args:
            parts: the path of the link, one string per folder and the name.
            target: the path that the link refers to; not used.
        """
        self.remark("link", "/".join(parts), "is a link, which is left out")

    def _count(self, parts: Parts) -> None:
        check_name("/".join(parts))
        super()._count(parts)
