"""Fetch one commit of an untrusted repository from addresses that have already been checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.submission.git_command import SAFE_OPTIONS, run_git

# git's message about a plain file server without git support.
_PLAIN_SERVER = "does not support shallow"


def pinned_options(host: str, port: int, addresses: Sequence[str]) -> tuple[str, ...]:
    """Return git options (2.37 and later) to connect only to these addresses and not follow redirects.

    Args:
        host: the host name in the URL.
        port: the port of the URL.
        addresses: the addresses of the host, so that git does not resolve the name again; empty if a proxy resolves it.
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
    """Fetch one commit without checking out its files, and without its history if the server supports that.

    Args:
        url: the URL of the repository.
        reference: the commit, or a reference such as ``refs/heads/main``; it must not begin with a hyphen.
        folder: the path of the new repository.
        limits: limits on time and size.
        what_failed: the beginning of an error message.
        options: additional options of git.
        environment: additional environment variables for git; None for none.

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
