"""Errors when a bundle is created."""

from __future__ import annotations

from common.errors import DataError


class SourceError(DataError):
    """A source of a bundle cannot be used.

    Attributes:
        url: the URL, as in the request.
        path: the path in the request, such as ``containers[0].data_source.url``; empty if unknown.
    """

    def __init__(self, message: str, *, url: str = "", path: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.url = url
        self.path = path


class SourceRefused(SourceError):
    """A source is refused: its address, type, size or content is not allowed."""


class SourceFailed(SourceError):
    """A source cannot be fetched: the server cannot be reached, is too slow, or does not have the file."""


class BundleTooLarge(DataError):
    """The request has more sources than a bundle may contain, or they exceed its size limit."""
