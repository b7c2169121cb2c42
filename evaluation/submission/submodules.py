"""The submodules of an untrusted repository: what .gitmodules names is fetched from public hosts only."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from evaluation.engine.package_proxy import is_private, resolve
from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.submission.git_command import SAFE_OPTIONS, CloneTarget, check_out, run_git

_SSH = re.compile(r"ssh://|[\w.-]+@[\w.-]+:")
MOST_SUBMODULES = 10


def copy_submodules(url: str, place: Path, copy: CloneTarget, limits: Limits) -> None:
    """Fetch and copy the submodules that `.gitmodules` names; a clone has empty folders in their places.

    Args:
        url: the URL of the repository, as the user typed it.
        place: its clone.
        copy: the target of their files.
        limits: limits on time and size.
    """
    listed = run_git(
        ["-C", str(place), *SAFE_OPTIONS, "ls-files", "--stage"], place, limits, "its files cannot be listed"
    )
    links = [line for line in listed.splitlines() if line.startswith("160000 ")]
    named = _gitmodules(place, limits) if links else {}
    for number, line in enumerate(links):
        about, _, name = line.partition("\t")
        if number >= MOST_SUBMODULES:
            copy.remark("submodule", name, f"was not fetched: more than {MOST_SUBMODULES} submodules")
        elif name not in named:
            copy.remark("submodule", name, "is a submodule without an entry in .gitmodules")
        else:
            try:
                inner = place.with_name(f"{place.name}-submodule{number}")
                _fetch(SubmoduleSource.of(named[name], url), about.split()[1], inner, limits, name)
                copy.folder(inner, tuple(name.split("/")))
            except NoSubmission as error:
                copy.remark("submodule", name, error.message.splitlines()[0])


def _gitmodules(place: Path, limits: Limits) -> dict[str, str]:
    """Return the URLs of the submodules by folder. They are read from the commit: the file could be a link."""
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
    """Where a submodule is fetched from; its URL is untrusted.

    Attributes:
        url: its URL.
        options: options of git for its host.
    """

    url: str
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, url: str, outer: str) -> SubmoduleSource:
        """Check the URL of a submodule: it must refer to the host of the repository, or to a public host.

        Args:
            url: the URL in `.gitmodules`.
            outer: the URL of the repository, as the user typed it.

        Raises:
            NoSubmission: It refers to another place.
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
                f"the submodule's URL {url[:200]} is not allowed; it must begin with https://, or have the same host"
            )
        host, port = whole.group(1).strip("[]"), int(whole.group(2) or 443)
        if host.lower() == _host(outer):
            return cls(url)
        try:
            places = resolve(host, port)
        except OSError:
            places = []
        if not places and not _has_proxy():  # git would resolve it again, and might get another address
            raise NoSubmission(f"the host of the submodule's URL {url[:200]} cannot be resolved")
        if any(is_private(one) for one in places):
            raise NoSubmission(f"the submodule's URL {url[:200]} resolves to a private network address")
        known = ",".join(f"[{one}]" if ":" in one else one for one in places)
        pinned = ("-c", f"http.curloptResolve={host}:{port}:{known}") if places else ()
        return cls(url, ("-c", "http.followRedirects=false", *pinned))


def _has_proxy() -> bool:
    """Return whether the user has a proxy, which resolves host names itself."""
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
    """Fetch and check out one commit of a submodule."""
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
