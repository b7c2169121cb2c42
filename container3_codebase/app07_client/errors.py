"""The client's errors, all of them subclasses of ``App07Error``."""

from __future__ import annotations


class App07Error(Exception):
    """Base class of the client's errors.

    Attributes:
        message: a description of the error; never contains the API key.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(App07Error, ValueError):
    """An argument is not valid; nothing was sent.

    Attributes:
        instance: the row, counted from 0; None if the error is not about a row.
        field: the name or number of the column; empty if the error is not about a column.
    """

    def __init__(self, message: str, *, instance: int | None = None, field: str = "") -> None:
        super().__init__(message)
        self.instance = instance
        self.field = field


class MissingPackage(App07Error, ImportError):
    """A package that the call needs is not installed.

    Attributes:
        package: the name of the package.
    """

    def __init__(self, message: str, *, package: str) -> None:
        App07Error.__init__(self, message)
        self.package = package


class FileFailed(App07Error):
    """A file cannot be read or written.

    Attributes:
        path: the file.
        written: whether the file was being written rather than read.
        errno: the operating system's error number; None if it reported none.
    """

    def __init__(self, message: str, *, path: str, written: bool, errno: int | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.written = written
        self.errno = errno


class ConnectionFailed(App07Error):
    """There is no connection to the server, or it ended before the response was complete.

    Attributes:
        sent: whether the server may have received the request.
        attempts: the number of attempts.
    """

    def __init__(self, message: str, *, sent: bool, attempts: int = 1) -> None:
        super().__init__(message)
        self.sent = sent
        self.attempts = attempts


class TLSFailed(ConnectionFailed):
    """The server's certificate is not trusted, or the server does not support TLS. Not retried."""


class TimedOut(ConnectionFailed):
    """The response was not complete within the time limit of the call, including retries."""


class InvalidResponse(App07Error):
    """The response does not come from this service: a redirect, another content type, invalid JSON, or too large.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class RequestRefused(App07Error):
    """The server responded with an error.

    Attributes:
        status: the HTTP status.
        code: a machine-readable error code such as ``invalid_instance``; empty if the server sent none.
        instance: the row, counted from 0; None if the error is not about a row.
        field: the name of the input or of the member of the request; empty if the error is about neither.
        line: the line of the table, counted from 1; None if the error is not about a line.
        column: the column of the table, counted from 1; None if the error is not about a column.
        request_id: the ID of the request in the server's log.
        retry_after: the seconds to wait before a retry, as requested by the server; None if it sent none.
        attempts: the number of times the request was sent.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str = "",
        instance: int | None = None,
        field: str = "",
        line: int | None = None,
        column: int | None = None,
        request_id: str = "",
        retry_after: float | None = None,
        attempts: int = 1,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.instance = instance
        self.field = field
        self.line = line
        self.column = column
        self.request_id = request_id
        self.retry_after = retry_after
        self.attempts = attempts


class AccessDenied(RequestRefused):
    """The API key is missing, invalid, or lacks the scope that the route needs (401, 403)."""


class NotFound(RequestRefused):
    """The model, version, session or route does not exist (404)."""


class Unavailable(RequestRefused):
    """The server is temporarily unavailable, even after the retries (408, 429, 502, 503, 504)."""


class ServerFailed(RequestRefused):
    """The server failed (any other status from 500)."""
