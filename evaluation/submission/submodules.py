"""The submodules of an untrusted repository: what .gitmodules names is fetched from public hosts only."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from evaluation.engine.package_proxy import addresses, is_inner
from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.submission.git_command import SAFE_OPTIONS, CloneTarget, check_out, run_git

_SSH = re.compile(r"ssh://|[\w.-]+@[\w.-]+:")
MOST_SUBMODULES = 10


def copy_submodules(url: str, place: Path, copy: CloneTarget, limits: Limits) -> None:
    """A submodule leaves an empty folder in a clone; where `.gitmodules` names it, its files are fetched."""
    listed = run_git(
        ["-C", str(place), *SAFE_OPTIONS, "ls-files", "--stage"], place, limits, "its files cannot be listed"
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
                _fetch(SubmoduleSource.of(named[name], url), about.split()[1], inner, limits, name)
                copy.folder(inner, tuple(name.split("/")))
            except NoSubmission as error:
                copy.remark("submodule", name, error.message.splitlines()[0])


def _gitmodules(place: Path, limits: Limits) -> dict[str, str]:
    """The URLs of the submodules by their folders, out of the commit: as a file it could be a link."""
    words = ["config", "--blob", "HEAD:.gitmodules", "--null", "--get-regexp", r"^submodule\..*\.(path|url)$"]
    try:
        said = run_git(["-C", str(place), *SAFE_OPTIONS, *words], place, limits, "there is no .gitmodules")
    except NoSubmission:
        return {}
    found: dict[str, dict[str, str]] = {}
    for entry in said.split("\0"):
        key, _, value = entry.partition("\n")
        module, _, what = key.rpartition(".")
        found.setdefault(module, {})[what] = value
    return {one["path"]: one["url"] for one in found.values() if {"path", "url"} <= set(one)}


@dataclass(frozen=True)
class SubmoduleSource:
    """Where a submodule is fetched from, when a stranger has written down the URL.

    Attributes:
        url: its URL.
        options: what git is told about its host.
    """

    url: str
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, url: str, outer: str) -> SubmoduleSource:
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


def _fetch(source: SubmoduleSource, commit: str, place: Path, limits: Limits, name: str) -> None:
    """Fetches one commit of a submodule."""
    what_failed = f"the submodule {name} cannot be fetched"
    place.mkdir()
    inside = ["-C", str(place), *SAFE_OPTIONS, *source.options]
    run_git([*inside, "init", "--quiet", "--template="], place, limits, what_failed)
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
    run_git([*inside, *words], place, limits, what_failed)
    check_out(place, commit, limits)
