"""Errors of the client. All are subclasses of ``App07Error``."""

from __future__ import annotations


class App07Error(Exception):
    """Base class of all errors of the client.

    Attributes:
        message: what is wrong; never holds the API key.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(App07Error, ValueError):
    """An argument cannot be sent. Nothing was sent.

    Attributes:
        instance: the row, counted from 0; None where the error is not about a row.
        field: the name or number of the column; empty where the error is not about one.
    """

    def __init__(self, message: str, *, instance: int | None = None, field: str = "") -> None:
        super().__init__(message)
        self.instance = instance
        self.field = field


class MissingPackage(App07Error, ImportError):
    """A package that the call needs is not installed.

    Attributes:
        package: its name.
    """

    def __init__(self, message: str, *, package: str) -> None:
        App07Error.__init__(self, message)
        self.package = package


class FileFailed(App07Error):
    """A file cannot be read or written.

    Attributes:
        path: the file.
        written: whether it was to be written.
        errno: error number of the operating system; None where it reported none.
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
        attempts: how often it was sent.
    """

    def __init__(self, message: str, *, sent: bool, attempts: int = 1) -> None:
        super().__init__(message)
        self.sent = sent
        self.attempts = attempts


class TLSFailed(ConnectionFailed):
    """The certificate of the server is not trusted, or it does not speak TLS. Not retried."""


class TimedOut(ConnectionFailed):
    """The response was not complete within the time limit of the call, retries included."""


class InvalidResponse(App07Error):
    """The response is not one of this service: a redirect, another content type, invalid JSON, or it is too large.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class RequestRefused(App07Error):
    """The server answered with an error.

    Attributes:
        status: the HTTP status.
        code: what is wrong, as a word for programs, such as ``invalid_instance``; empty where the server gave none.
        instance: the row, counted from 0; None where the error is not about a row.
        field: the name of the input or of the member of the request; empty where the error is not about one.
        line: the line of the table, counted from 1; None where the error is not about one.
        column: the column of the table, counted from 1; None where the error is not about one.
        request_id: the id of the request in the server's log.
        retry_after: seconds after which the server asks to try again; None where it does not say.
        attempts: how often the request was sent.
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
    """The API key is missing, invalid, or has not the scope that the route needs (401, 403)."""


class NotFound(RequestRefused):
    """There is no such model, version, session or route (404)."""


class Unavailable(RequestRefused):
    """The server cannot answer now, also after the retries (408, 429, 502, 503, 504)."""


class ServerFailed(RequestRefused):
    """The server failed (other statuses from 500)."""
