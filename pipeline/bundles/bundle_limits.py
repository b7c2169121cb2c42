"""Limits on the sources and the size of a bundle."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class BundleLimits:
    """The limits of one bundle.

    Attributes:
        sources: the number of files and repositories to fetch.
        file_size: the size of a fetched file in bytes.
        total_size: the total size of all fetched files in bytes.
        url: the number of characters of a URL.
        redirects: the number of redirects of one file.
        connect_seconds: the seconds for connecting, and for each wait for data.
        fetch_seconds: the seconds for one file, from the look-up of its host to its last byte.
        fetch_memory: the address space in bytes of the process that fetches a file.
        repository_size: the total size of the files of a repository in bytes; its clone may take twice as much.
        repository_files: the number of files and folders of a repository.
        clone_seconds: the seconds for one git command.
        clone_memory: the address space of git in bytes.
        model_seconds: the seconds for loading a model.
        model_memory: the address space in bytes of the process that loads a model.
        seconds: the seconds for the whole bundle; a step in progress may still use its own limit.
    """

    sources: int = 16
    file_size: int = 64 * MIB
    total_size: int = 256 * MIB
    url: int = 2048
    redirects: int = 5
    connect_seconds: float = 10.0
    fetch_seconds: float = 60.0
    fetch_memory: int = 512 * MIB
    repository_size: int = 64 * MIB
    repository_files: int = 5000
    clone_seconds: float = 60.0
    clone_memory: int = 512 * MIB
    model_seconds: float = 20.0
    model_memory: int = 768 * MIB
    seconds: float = 180.0


DEFAULT_BUNDLE_LIMITS = BundleLimits()
