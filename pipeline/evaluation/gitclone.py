"""Clones a repository that nobody trusts: shallow, without hooks or filters, over git's own protocols only."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline import process
from pipeline.errors import TimedOut
from pipeline.evaluation.copying import Copy
from pipeline.evaluation.errors import NoSubmission
from pipeline.evaluation.limits import MIB, Limits

_SCHEMES = re.compile(r"(https|ssh|file|http|git)://|[\w.-]+@[\w.-]+:(?!//)")
_LIKE_A_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:|[A-Za-z]+::")
# Nothing of the repository runs here, whatever the configuration of the person says.
_HARMLESS = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never"),
    *("-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always"),
    *("-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false"),
    *("-c", "advice.detachedHead=false", "-c", "submodule.recurse=false"),
)


def is_git_url(source: str) -> bool:
    """Whether this is meant as the URL of a repository."""
    return bool(_LIKE_A_URL.match(source))


def clone(source: str, place: Path, copy: Copy, limits: Limits) -> None:
    """Clones a repository and copies its files.

    Args:
        source: its URL; ``#NAME`` behind it chooses a branch or a tag.
        place: where the clone goes.
        copy: where its files go.
        limits: how long it may take and how large it may be.

    Raises:
        NoSubmission: another scheme, no such repository, too large, too slow.
    """
    url, _, name = source.partition("#")
    if not _SCHEMES.match(url):
        raise NoSubmission(
            f"{url.split(':')[0]}: is not allowed for a repository",
            hint="Use https://, ssh://, file://, http:// or git://.",
        )
    if name.startswith("-"):
        raise NoSubmission(f"{name} is no name of a branch or a tag")
    # The last three only where they were typed: nothing that was cloned may lead there.
    scheme = url.partition("://")[0]
    typed = ("-c", f"protocol.{scheme}.allow=always") if scheme in ("file", "http", "git") else ()
    branch = ("--branch", name) if name else ()
    # A server of plain files, as they are typically reached over http://, cannot give a part of the history.
    depth = () if scheme == "http" else ("--depth", "1")
    words = (*depth, "--single-branch", "--no-tags", "--template=", *branch, "--", url, str(place))
    _git([*_HARMLESS, *typed, "clone", "--quiet", *words], place, limits, f"{url} cannot be cloned")
    _remark_submodules(place, copy, limits)
    copy.folder(place)


def _remark_submodules(place: Path, copy: Copy, limits: Limits) -> None:
    """A submodule leaves an empty folder in a clone; where `.gitmodules` names it, its files are fetched."""
    listed = _git(
        ["-C", str(place), *_HARMLESS, "ls-files", "--stage"], place, limits, "its files cannot be listed"
    )
    links = [line.partition("\t")[2] for line in listed.splitlines() if line.startswith("160000 ")]
    for name in links:
        if not (place / ".gitmodules").is_file():
            copy.remark(
                "submodule", name, "is a submodule, but there is no .gitmodules that says where it lies"
            )
            continue
        try:
            words = ("submodule", "update", "--init", "--depth", "1", "--", name)
            _git(
                ["-C", str(place), *_HARMLESS, *words],
                place,
                limits,
                f"the submodule {name} cannot be fetched",
            )
        except NoSubmission as error:
            copy.remark("submodule", name, error.message.splitlines()[0])


def _git(words: Sequence[str], place: Path, limits: Limits, what_failed: str) -> str:
    """Runs git, and stops it where it takes too long or its clone becomes too large."""
    environment = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_ASKPASS": os.devnull,
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20",
        "LC_ALL": "C",
    }
    try:
        program = process.Program(["git", *words], environment=environment)
    except FileNotFoundError as error:
        raise NoSubmission("git is not installed, so that no repository can be cloned") from error
    said: list[str] = []
    try:
        deadline = program.started + limits.clone_seconds
        while True:
            try:
                for line in program.lines(min(deadline, time.monotonic() + 0.5)):
                    said.append(line)
                break
            except TimedOut:
                if time.monotonic() >= deadline:
                    raise NoSubmission(
                        f"{what_failed}: it took more than {limits.clone_seconds:g} s"
                    ) from None
                if _size(place) > 2 * limits.total_size:
                    raise NoSubmission(
                        f"{what_failed}: it is larger than {2 * limits.total_size // MIB} MB"
                    ) from None
        status = program.wait(10.0)
    except BaseException:
        with process.undisturbed():
            program.stop(grace=2.0)
        raise
    if status != 0:
        last = [line.strip() for line in said if line.strip()][-3:]
        raise NoSubmission("\n    ".join([f"{what_failed}:", *last]))
    return "".join(said)


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:
            continue
    return total
