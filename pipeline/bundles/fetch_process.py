"""Fetch a file in a process of its own: ``python -I -m pipeline.bundles.fetch_process FOLDER``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from pipeline.bundles.addresses import SourceHost
from pipeline.bundles.child import ChildFailed, answer_task, run_child
from pipeline.bundles.errors import SourceFailed
from pipeline.bundles.http_fetch import FetchedFile, fetch_file
from pipeline.bundles.limits import BundleLimits
from pipeline.bundles.urls import parse_url, shown_url

_FILE = "file"
_GRACE = 2.0
"""Seconds that the process may take to start and to report that the time is over, before it is stopped."""


@dataclass(frozen=True)
class FetchTask:
    """What is fetched.

    Attributes:
        url: the URL.
        kind: what the file is: a key of `content_types.TYPES`.
        named: hosts that may have any address, each as name and port, 0 for every port.
        limits: limits on its size and the time.
    """

    url: str
    kind: str
    named: tuple[tuple[str, int], ...]
    limits: BundleLimits


def fetch_in_process(
    url: str, kind: str, folder: Path, named: frozenset[SourceHost], limits: BundleLimits
) -> tuple[Path, FetchedFile]:
    """Fetch a file in a process of its own, which is stopped when it takes too long.

    Args:
        url: its URL.
        kind: what the file is: a key of `content_types.TYPES`.
        folder: an empty folder for the process and the file.
        named: hosts that may have any address.
        limits: limits on its size, the time and the memory.

    Returns:
        The file, and what is known about it.

    Raises:
        SourceRefused: its address, its type or its size is not allowed.
        SourceFailed: the server cannot be reached, is too slow, or does not have it.
    """
    parse_url(url, named, longest=limits.url)  # most of what is refused needs no process
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
    """Fetch the file that the task names.

    Args:
        folder: the folder of the task.

    Returns:
        The exit status.
    """

    def fetch(task: FetchTask) -> FetchedFile:
        named = frozenset(SourceHost(name, port or None) for name, port in task.named)
        return fetch_file(task.url, folder / _FILE, task.kind, named, task.limits)

    return answer_task(folder, FetchTask, fetch)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
