"""Requests that are refused, each with the HTTP status and headers of the response, and invalid key files."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pybrain_runtime.errors import DataError, PipelineError

_REALM = 'Bearer realm="app07"'


class KeyFileError(DataError):
    """A key file cannot be read, or its content is not valid."""


class AccessDenied(PipelineError):
    """A request that is refused.

    Attributes:
        http_status: the status of the response.
        code: the reason, as a machine-readable word.
        headers: additional headers of the response.
        key: the ID of the key that was sent; empty if unknown.
    """

    http_status = 403
    code = "forbidden"

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers = headers or {}
        self.key = ""


class MissingKey(AccessDenied):
    """The request has no API key, and the route needs one."""

    http_status = 401
    code = "missing_key"

    def __init__(self) -> None:
        super().__init__(
            "This route needs an API key: Authorization: Bearer KEY, or X-API-Key: KEY.",
            {"www-authenticate": _REALM},
        )


class InvalidKey(AccessDenied):
    """The API key is unknown, revoked or expired."""

    http_status = 401
    code = "invalid_key"

    def __init__(self, message: str = "The API key is not valid.") -> None:
        super().__init__(message, {"www-authenticate": f'{_REALM}, error="invalid_token"'})


class MissingScope(AccessDenied):
    """The API key does not have the scope of the route.

    Args:
        key: the id of the key, for the message.
        scope: the scope of the route.
    """

    code = "missing_scope"

    def __init__(self, key: str, scope: str) -> None:
        challenge = f'{_REALM}, error="insufficient_scope", scope="{scope}"'
        super().__init__(
            f"The API key {key} does not have the scope {scope}.", {"www-authenticate": challenge}
        )


class RateLimited(AccessDenied):
    """A key or a client address has exceeded its rate limit.

    Args:
        whose: the key or the client address, for the message.
        rate: the limit, such as ``100/min``.
        seconds: seconds until the next request is accepted.
    """

    http_status = 429
    code = "rate_limited"

    def __init__(self, whose: str, rate: str, seconds: float) -> None:
        wait = max(1, math.ceil(seconds))
        super().__init__(f"{whose} is limited to {rate}; try again in {wait} s.", {"retry-after": str(wait)})


class UnknownHost(AccessDenied):
    """The Host header is not a name of this server."""

    http_status = 421
    code = "unknown_host"


class BadHost(AccessDenied):
    """The request has two Host headers, or lacks the one that HTTP/1.1 requires."""

    http_status = 400
    code = "bad_request"

    def __init__(self, message: str) -> None:
        super().__init__(message, {"connection": "close"})


class ForeignOrigin(AccessDenied):
    """The request was sent by a web page of another origin."""

    code = "foreign_origin"
