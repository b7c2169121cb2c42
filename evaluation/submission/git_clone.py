"""Clones a repository that nobody trusts: shallow, without hooks or filters, over git's own protocols only."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evaluation.engine.package_proxy import addresses, is_inner
from evaluation.errors import NoSubmission
from evaluation.processes import bounded_process
from evaluation.quotas import MIB, Limits
from evaluation.submission.deep_folders import is_larger
from pipeline import process

_SCHEMES = re.compile(r"(https|ssh|file|http|git)://|[\w.-]+@[\w.-]+:(?!//)")
_LIKE_A_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:|[A-Za-z]+::")
_SSH = re.compile(r"ssh://|[\w.-]+@[\w.-]+:")
MOST_SUBMODULES = 10
TOO_LARGE = "too large"
_MOST_OUTPUT = 16 * MIB
# Files and folders of a clone, its own ones among them; of a submission far fewer are taken.
_MOST_ENTRIES = 200_000
_MOST_MEMORY = 2048 * MIB
_KEPT = frozenset(
    [
        *(
            "PATH",
            "HOME",
            "USER",
            "USERPROFILE",
            "SYSTEMROOT",
            "TMPDIR",
            "TEMP",
            "XDG_CONFIG_HOME",
            "SSH_AUTH_SOCK",
        ),
        *(
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "NO_PROXY",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "GIT_SSL_CAINFO",
        ),
    ]
)
# Nothing of the repository runs here, whatever the configuration of the person says.
_HARMLESS = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never"),
    *("-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always"),
    *("-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false"),
    *("-c", "advice.detachedHead=false", "-c", "submodule.recurse=false", "-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false", "-c", "core.attributesFile=" + os.devnull, "-c", "pack.threads=1"),
)


class Target(Protocol):
    """What a clone is handed to, and what is noticed on the way."""

    def folder(self, source: Path, parts: tuple[str, ...] = ()) -> None:
        """Takes the files of a folder."""

    def remark(self, what: str, where: str, text: str) -> None:
        """Notes something that a reader of the report should know."""


def is_git_url(source: str) -> bool:
    """Whether this is meant as the URL of a repository."""
    return bool(_LIKE_A_URL.match(source))


def clone(source: str, place: Path, copy: Target, limits: Limits, *, instead: str = "") -> None:
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
    _git(
        [*_HARMLESS, *typed, "clone", "--quiet", *words],
        place,
        limits,
        f"{url} cannot be cloned",
        persons=True,
    )
    _check_out(place, "HEAD", limits)
    copy.folder(place)
    _submodules(url, place, copy, limits)


def branch_of(source: str) -> str:
    """The branch or tag that stands behind a URL; empty where there is none.

    Raises:
        NoSubmission: git would take it for an option.
    """
    name = source.partition("#")[2]
    if name.startswith("-"):
        raise NoSubmission(f"{name} is no name of a branch or a tag")
    return name


def _check_out(place: Path, commit: str, limits: Limits) -> None:
    """Writes the files, without the person's settings: a filter of theirs would run on a stranger's files."""
    words = ["-C", str(place), *_HARMLESS, "checkout", "--quiet", "--force", "--detach", commit, "--"]
    _git(words, place, limits, "its files cannot be checked out")


def _submodules(url: str, place: Path, copy: Target, limits: Limits) -> None:
    """A submodule leaves an empty folder in a clone; where `.gitmodules` names it, its files are fetched."""
    listed = _git(
        ["-C", str(place), *_HARMLESS, "ls-files", "--stage"], place, limits, "its files cannot be listed"
    )
    links = [line for line in listed.splitlines() if line.startswith("160000 ")]
    named = _gitmodules(place, limits) if links else {}
    for number, line in enumerate(links):
        about, _, name = line.partition("\t")
        if number >= MOST_SUBMODULES:
            copy.remark(
                "submodule", name, f"is one of more than {MOST_SUBMODULES} submodules; it was not fetched"
            )
        elif name not in named:
            copy.remark(
                "submodule", name, "is a submodule, but there is no .gitmodules that says where it lies"
            )
        else:
            try:
                inner = place.with_name(f"{place.name}-submodule{number}")
                _fetch(Source.of(named[name], url), about.split()[1], inner, limits, name)
                copy.folder(inner, tuple(name.split("/")))
            except NoSubmission as error:
                copy.remark("submodule", name, error.message.splitlines()[0])


def _gitmodules(place: Path, limits: Limits) -> dict[str, str]:
    """The URLs of the submodules by their folders, out of the commit: as a file it could be a link."""
    words = ["config", "--blob", "HEAD:.gitmodules", "--null", "--get-regexp", r"^submodule\..*\.(path|url)$"]
    try:
        said = _git(["-C", str(place), *_HARMLESS, *words], place, limits, "there is no .gitmodules")
    except NoSubmission:
        return {}
    found: dict[str, dict[str, str]] = {}
    for entry in said.split("\0"):
        key, _, value = entry.partition("\n")
        module, _, what = key.rpartition(".")
        found.setdefault(module, {})[what] = value
    return {one["path"]: one["url"] for one in found.values() if {"path", "url"} <= set(one)}


@dataclass(frozen=True)
class Source:
    """Where a submodule is fetched from, when a stranger has written down the URL.

    Attributes:
        url: its URL.
        options: what git is told about its host.
    """

    url: str
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, url: str, outer: str) -> Source:
        """Looks at the URL of a submodule: it may lead to the host of the repository, or to one in the public.

        Args:
            url: as `.gitmodules` has it.
            outer: the URL of the repository, as a person typed it.

        Raises:
            NoSubmission: it leads elsewhere.
        """
        if url.startswith(("./", "../")):
            url = _relative(url, outer)
        whole = re.fullmatch(
            r"https://(?:[\w.~%+-]+(?::[^@/]*)?@)?([A-Za-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?/.*", url
        )
        if whole is None:
            if _SSH.match(url) and _SSH.match(outer) and _host(url) == _host(outer):
                return cls(url)
            raise NoSubmission(
                f"the submodule's URL {url[:200]} is not fetched; only https:// is, or the same host"
            )
        host, port = whole.group(1).strip("[]"), int(whole.group(2) or 443)
        if host.lower() == _host(outer):
            return cls(url)
        try:
            places = addresses(host, port)
        except OSError:
            places = []
        if not places and not _has_proxy():  # git would look it up once more, and might be told another place
            raise NoSubmission(f"the host of the submodule's URL {url[:200]} cannot be looked up")
        if any(is_inner(one) for one in places):
            raise NoSubmission(f"the submodule's URL {url[:200]} leads into a network around this machine")
        known = ",".join(f"[{one}]" if ":" in one else one for one in places)
        pinned = ("-c", f"http.curloptResolve={host}:{port}:{known}") if places else ()
        return cls(url, ("-c", "http.followRedirects=false", *pinned))


def _has_proxy() -> bool:
    """Whether the person reaches the web through a proxy, which looks the names up."""
    return any(os.environ.get(name) for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"))


def _host(url: str) -> str:
    if url.startswith("file://"):
        return ""
    found = re.match(r"(?:[a-z]+://)?(?:[^@/]*@)?([A-Za-z0-9.-]+)", url)
    return found.group(1).lower() if found else ""


def _relative(url: str, outer: str) -> str:
    whole = outer.rstrip("/")
    while url.startswith(("./", "../")):
        if url.startswith("../"):
            whole = whole.rpartition("/")[0]
        url = url.partition("/")[2]
    return f"{whole}/{url}"


def _fetch(source: Source, commit: str, place: Path, limits: Limits, name: str) -> None:
    """Fetches one commit of a submodule."""
    what_failed = f"the submodule {name} cannot be fetched"
    place.mkdir()
    inside = ["-C", str(place), *_HARMLESS, *source.options]
    _git([*inside, "init", "--quiet", "--template="], place, limits, what_failed)
    words = (
        "fetch",
        "--quiet",
        "--depth",
        "1",
        "--no-tags",
        "--no-recurse-submodules",
        "--",
        source.url,
        commit,
    )
    _git([*inside, *words], place, limits, what_failed)
    _check_out(place, commit, limits)


def _git(
    words: Sequence[str], place: Path, limits: Limits, what_failed: str, *, persons: bool = False
) -> str:
    """Runs git, and stops it where it takes too long, says too much, or its clone becomes too large.

    Args:
        words: what it is told.
        place: the folder that grows.
        limits: how long and how large.
        what_failed: how to begin an error.
        persons: whether it reads the person's settings, as for their own URL.
    """
    try:
        done = bounded_process.run_bounded(
            _with_little_memory(["git", *words]),
            seconds=limits.clone_seconds,
            output=_MOST_OUTPUT,
            environment=_environment(persons=persons),
            check=lambda: TOO_LARGE if is_larger(place, 2 * limits.total_size, _MOST_ENTRIES) else None,
            every=0.5,
        )
    except FileNotFoundError as error:
        raise NoSubmission("git is not installed, so that no repository can be cloned") from error
    if done.ended == bounded_process.TIME:
        raise NoSubmission(f"{what_failed}: it took more than {limits.clone_seconds:g} s")
    if done.ended == TOO_LARGE:
        raise NoSubmission(
            f"{what_failed}: it is larger than {2 * limits.total_size // MIB} MB, or has too many files"
        )
    if done.ended == bounded_process.OUTPUT:
        raise NoSubmission(f"{what_failed}: it said more than {_MOST_OUTPUT // MIB} MB")
    if done.status != 0:
        last = [line.strip()[:300] for line in done.output.splitlines() if line.strip()][-3:]
        raise NoSubmission("\n    ".join([f"{what_failed}:", *last]))
    return done.output


def _environment(*, persons: bool) -> dict[str, str]:
    """What git gets of our environment: how to reach a server, and nothing that changes what it does or where."""
    kept = {name: value for name, value in os.environ.items() if name.upper() in _KEPT}
    alone = {} if persons else {"GIT_CONFIG_GLOBAL": os.devnull}
    return (
        kept
        | alone
        | {
            "GIT_CONFIG_NOSYSTEM": "0" if persons else "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_ASKPASS": os.devnull,
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20",
            "LC_ALL": "C",
        }
    )


def _with_little_memory(command: list[str]) -> list[str]:
    """A server can name references without end, which git keeps in memory; where the shell can, that is limited."""
    if process.WINDOWS or shutil.which("sh") is None:
        return command
    return ["sh", "-c", f'ulimit -v {_MOST_MEMORY // 1024} 2>/dev/null; exec "$@"', "sh", *command]
