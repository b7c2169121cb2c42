"""The content types that are accepted for a file: those that servers commonly send for each kind."""

from __future__ import annotations

from pipeline.bundles.errors import SourceRefused

_BINARY = frozenset(
    {"application/octet-stream", "binary/octet-stream", "application/x-binary", "application/binary"}
)
_TEXT = frozenset({"text/plain", "application/xml", "text/xml", "application/json"})
_ARCHIVES = frozenset(
    {
        *("application/gzip", "application/x-gzip", "application/x-tar", "application/x-gtar"),
        *("application/zip", "application/x-zip", "application/x-zip-compressed"),
    }
)
_PICKLES = frozenset(
    {
        *("application/x-pickle", "application/pickle"),
        *("application/python-pickle", "application/x-python-pickle"),
    }
)
_TABLES = frozenset(
    {
        *("text/csv", "application/csv", "text/comma-separated-values", "text/tab-separated-values"),
        *("application/vnd.ms-excel", "application/vnd.apache.parquet", "application/x-parquet"),
    }
)
_PROGRAMS = frozenset(
    {
        *("text/plain", "text/x-python", "text/x-script.python"),
        *("application/x-python", "application/x-python-code"),
    }
)
TYPES = {
    "data": _BINARY | _TEXT | _TABLES,
    "model": _BINARY | _TEXT | _PICKLES | _ARCHIVES | {"application/x-bzip2"},
    "code": _BINARY | _PROGRAMS,
    "library": _BINARY | _ARCHIVES,
}
"""The accepted content types by kind of file. A response without a content type is accepted."""


def check_type(shown: str, header: str, kind: str) -> None:
    """Check the content type of a response.

    Args:
        shown: the URL, for the message.
        header: the header ``Content-Type``; empty if the response has none.
        kind: a key of `TYPES`.

    Raises:
        SourceRefused: the type is not accepted for this kind of file, such as ``text/html``, an error or login page.
    """
    name = header.partition(";")[0].strip().lower()
    if name and name not in TYPES[kind]:
        raise SourceRefused(
            f"{shown} has the content type {name[:60]!a}, which is not accepted for {kind} files.",
            hint="A page about a file is not the file itself; use the URL that downloads the file.",
        )
