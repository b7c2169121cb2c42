"""Fetch one commit of an untrusted repository, from addresses that were checked before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.submission.git_command import SAFE_OPTIONS, run_git

# What git says of a server of plain files, which knows nothing of git.
_PLAIN_SERVER = "does not support shallow"


def pinned_options(host: str, port: int, addresses: Sequence[str]) -> tuple[str, ...]:
    """Return options of git (2.37 and later) that make it connect to these addresses, and follow no redirect.

    Args:
        host: the host of the URL.
        port: its port.
        addresses: its addresses; git does not look the name up again. Empty where a proxy resolves it.
    """
    resolved = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
    pinned = ("-c", f"http.curloptResolve={host}:{port}:{resolved}") if addresses else ()
    return "-c", "http.followRedirects=false", *pinned


def fetch_commit(
    url: str,
    reference: str,
    folder: Path,
    limits: Limits,
    what_failed: str,
    *,
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> str:
    """Fetch one commit, without its history where the server can leave it out; its files are not checked out.

    Args:
        url: the URL of the repository.
        reference: the commit, or a reference such as ``refs/heads/main``; not an option of git.
        folder: the path of the new repository.
        limits: limits on time and size.
        what_failed: the beginning of an error message.
        options: further options of git.
        environment: variables of git's environment that differ from ours.

    Returns:
        The hash of the commit.

    Raises:
        NoSubmission: git failed, or exceeded a limit.
    """
    folder.mkdir()
    here = ["-C", str(folder), *SAFE_OPTIONS, *options]
    run_git([*here, "init", "--quiet", "--template="], folder, limits, what_failed, environment=environment)
    fetch = [*here, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules"]
    source = ["--", url, reference]
    try:
        run_git([*fetch, "--depth", "1", *source], folder, limits, what_failed, environment=environment)
    except NoSubmission as error:
        if _PLAIN_SERVER not in error.message:
            raise
        run_git([*fetch, *source], folder, limits, what_failed, environment=environment)
    found = run_git([*here, "rev-parse", "--verify", "FETCH_HEAD^{commit}"], folder, limits, what_failed)
    return found.strip()
