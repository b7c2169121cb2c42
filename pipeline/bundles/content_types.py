"""Which content types a server may name for a file. They are what servers send for such files; none is parsed here."""

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
"""The accepted types by what a file is. A response without a type is accepted."""


def check_type(shown: str, header: str, kind: str) -> None:
    """Check the content type of a response.

    Args:
        shown: the URL, for the message.
        header: the header ``Content-Type``; empty without one.
        kind: a key of `TYPES`.

    Raises:
        SourceRefused: it is not one of files of this kind, such as ``text/html``: the page of an error or a login.
    """
    name = header.partition(";")[0].strip().lower()
    if name and name not in TYPES[kind]:
        raise SourceRefused(
            f"{shown} has the content type {name[:60]!a}, which is not one of a {kind} file.",
            hint="A page of a file server is not the file itself; give the URL that downloads it.",
        )
