"""Limits on what a bundle may fetch and hold."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class BundleLimits:
    """Upper bounds of one bundle.

    Attributes:
        sources: files and repositories that are fetched.
        file_size: bytes of a fetched file.
        total_size: bytes of all fetched files together.
        url: characters of a URL.
        redirects: redirects of one file.
        connect_seconds: for a connection, and for a silent server.
        fetch_seconds: for one file, from the look-up of its host to its last byte.
        fetch_memory: bytes of address space of the process that fetches a file.
        repository_size: bytes of the files of a repository; its clone may take twice as many.
        repository_files: files and folders of a repository.
        clone_seconds: for one step of git.
        clone_memory: bytes of address space for git.
        model_seconds: for reading a model.
        model_memory: bytes of address space of the process that reads a model.
        seconds: for the whole bundle; what is in progress then is finished within its own limit.
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
