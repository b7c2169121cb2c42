"""Errors of a bundle."""

from __future__ import annotations

from pipeline.errors import DataError


class SourceError(DataError):
    """A source of a bundle cannot be used.

    Attributes:
        url: its URL, as it is in the request.
        path: where it is in the request, such as ``containers[0].data_source.url``; empty if that is not known.
    """

    def __init__(self, message: str, *, url: str = "", path: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.url = url
        self.path = path


class SourceRefused(SourceError):
    """A source that is not fetched: its address, type, size or content is not allowed."""


class SourceFailed(SourceError):
    """A source that cannot be fetched: the server cannot be reached, is too slow, or does not have it."""


class BundleTooLarge(DataError):
    """The request has more sources, or they have more bytes together, than a bundle may have."""
