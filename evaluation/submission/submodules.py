"""Fetch the submodules of an untrusted repository, only from public hosts."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from evaluation.engine.package_proxy import is_private, resolve
from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.sanitize import without_credentials
from evaluation.submission.git_command import SAFE_OPTIONS, CloneTarget, check_out, run_git
from evaluation.submission.git_fetch import fetch_commit, pinned_options

_SSH = re.compile(r"ssh://|[\w.-]+@[\w.-]+:")
MOST_SUBMODULES = 10


def copy_submodules(url: str, folder: Path, copy: CloneTarget, limits: Limits) -> None:
    """Fetch and copy the submodules listed in `.gitmodules`, for which a clone has only empty folders.

    Args:
        url: the URL of the repository, as the user typed it.
        folder: the clone of the repository.
        copy: the target of the files.
        limits: limits on time and size.
    """
    index = run_git(
        ["-C", str(folder), *SAFE_OPTIONS, "ls-files", "--stage"],
        folder,
        limits,
        "its files cannot be listed",
    )
    links = [line for line in index.splitlines() if line.startswith("160000 ")]
    urls = _gitmodules(folder, limits) if links else {}
    for number, line in enumerate(links):
        details, _, name = line.partition("\t")
        if number >= MOST_SUBMODULES:
            copy.remark("submodule", name, f"was not fetched: more than {MOST_SUBMODULES} submodules")
        elif name not in urls:
            copy.remark("submodule", name, "is a submodule without an entry in .gitmodules")
        else:
            try:
                inner = folder.with_name(f"{folder.name}-submodule{number}")
                _fetch(SubmoduleSource.of(urls[name], url), details.split()[1], inner, limits, name)
                copy.folder(inner, tuple(name.split("/")))
            except NoSubmission as error:
                copy.remark("submodule", name, without_credentials(error.message).splitlines()[0])


def _gitmodules(folder: Path, limits: Limits) -> dict[str, str]:
    """Return the URLs of the submodules by folder, read from the commit because the file could be a link."""
    words = ["config", "--blob", "HEAD:.gitmodules", "--null", "--get-regexp", r"^submodule\..*\.(path|url)$"]
    try:
        output = run_git(
            ["-C", str(folder), *SAFE_OPTIONS, *words], folder, limits, "there is no .gitmodules"
        )
    except NoSubmission:
        return {}
    modules: dict[str, dict[str, str]] = {}
    for entry in output.split("\0"):
        key, _, value = entry.partition("\n")
        module, _, setting = key.rpartition(".")
        modules.setdefault(module, {})[setting] = value
    return {
        module_settings["path"]: module_settings["url"]
        for module_settings in modules.values()
        if {"path", "url"} <= set(module_settings)
    }


@dataclass(frozen=True)
class SubmoduleSource:
    """The source of a submodule, whose URL is untrusted.

    Attributes:
        url: the URL of the submodule.
        options: git options for the host.
    """

    url: str
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, url: str, repository_url: str) -> SubmoduleSource:
        """Check the URL of a submodule, which must refer to the host of the repository or to a public host.

        Args:
            url: the URL in `.gitmodules`.
            repository_url: the URL of the repository, as the user typed it.

        Raises:
            NoSubmission: the URL refers to another host or cannot be resolved.
        """
        if url.startswith(("./", "../")):
            url = _relative(url, repository_url)
        match = re.fullmatch(
            r"https://(?:[\w.~%+-]+(?::[^@/]*)?@)?([A-Za-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?/.*", url
        )
        if match is None:
            if _SSH.match(url) and _SSH.match(repository_url) and _host(url) == _host(repository_url):
                return cls(url)
            raise NoSubmission(
                f"the submodule's URL {url[:200]} is not allowed; it must begin with https://, or have the same host"
            )
        host, port = match.group(1).strip("[]"), int(match.group(2) or 443)
        if host.lower() == _host(repository_url):
            return cls(url)
        try:
            addresses = resolve(host, port)
        except OSError:
            addresses = []
        if (
            not addresses and not _has_proxy()
        ):  # git would resolve the name again and might get another address
            raise NoSubmission(f"the host of the submodule's URL {url[:200]} cannot be resolved")
        if any(is_private(address) for address in addresses):
            raise NoSubmission(f"the submodule's URL {url[:200]} resolves to a private network address")
        return cls(url, pinned_options(host, port, addresses))


def _has_proxy() -> bool:
    """Return whether the user has a proxy, which resolves host names itself."""
    return any(os.environ.get(name) for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"))


def _host(url: str) -> str:
    if url.startswith("file://"):
        return ""
    match = re.match(r"(?:[a-z]+://)?(?:[^@/]*@)?([A-Za-z0-9.-]+)", url)
    return match.group(1).lower() if match else ""


def _relative(url: str, repository_url: str) -> str:
    base = repository_url.rstrip("/")
    while url.startswith(("./", "../")):
        if url.startswith("../"):
            base = base.rpartition("/")[0]
        url = url.partition("/")[2]
    return f"{base}/{url}"


def _fetch(source: SubmoduleSource, commit: str, folder: Path, limits: Limits, name: str) -> None:
    """Fetch and check out one commit of a submodule."""
    what_failed = f"the submodule {name} cannot be fetched"
    check_out(
        folder, fetch_commit(source.url, commit, folder, limits, what_failed, options=source.options), limits
    )
