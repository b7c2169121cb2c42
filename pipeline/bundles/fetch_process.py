"""Fetch a file in a separate process: ``python -I -m pipeline.bundles.fetch_process FOLDER``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from pipeline.bundles.addresses import SourceHost
from pipeline.bundles.bundle_limits import BundleLimits
from pipeline.bundles.child import ChildFailed, carry_out_task, run_child
from pipeline.bundles.errors import SourceFailed
from pipeline.bundles.http_fetch import FetchedFile, fetch_file
from pipeline.bundles.urls import parse_url, shown_url

_FILE = "file"
_GRACE = 2.0
"""Additional seconds for the process to start and to report that the time is over, before it is stopped."""


@dataclass(frozen=True)
class FetchTask:
    """The task of the process.

    Attributes:
        url: the URL of the file.
        kind: the kind of file, a key of `content_types.TYPES`.
        named: hosts that may have any address, each as name and port; port 0 means all ports.
        limits: the limits on size and time.
    """

    url: str
    kind: str
    named: tuple[tuple[str, int], ...]
    limits: BundleLimits


def fetch_in_process(
    url: str, kind: str, folder: Path, named: frozenset[SourceHost], limits: BundleLimits
) -> tuple[Path, FetchedFile]:
    """Fetch a file in a separate process, which is stopped if it takes too long.

    Args:
        url: the URL of the file.
        kind: the kind of file, a key of `content_types.TYPES`.
        folder: an empty folder for the process and the file.
        named: hosts that may have any address.
        limits: the limits on size, time and memory.

    Returns:
        The path of the file, and its size and hash.

    Raises:
        SourceRefused: the address, type or size of the file is not allowed.
        SourceFailed: the server cannot be reached, is too slow, or does not have the file.
    """
    parse_url(url, named, longest=limits.url)  # refuses most invalid URLs without a process
    hosts = tuple(sorted((host.name, host.port or 0) for host in named))
    task = FetchTask(url, kind, hosts, limits)
    seconds, memory = limits.fetch_seconds + _GRACE, limits.fetch_memory
    try:
        found = run_child(__name__, task, FetchedFile, folder, seconds=seconds, memory=memory)
    except ChildFailed as error:
        how = f"it was not complete after {limits.fetch_seconds:g} s" if error.timed_out else error.message
        raise SourceFailed(f"{shown_url(url)} cannot be fetched: {how}.", url=url) from None
    return folder / _FILE, found


def main(folder: Path) -> int:
    """Fetch the file of the task.

    Args:
        folder: the folder of the task.

    Returns:
        The exit status.
    """

    def fetch(task: FetchTask) -> FetchedFile:
        named = frozenset(SourceHost(name, port or None) for name, port in task.named)
        return fetch_file(task.url, folder / _FILE, task.kind, named, task.limits)

    return carry_out_task(folder, FetchTask, fetch)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
