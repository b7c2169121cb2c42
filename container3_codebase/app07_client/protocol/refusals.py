"""Convert an error response into the client's error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from app07_client.errors import (
    AccessDenied,
    InvalidResponse,
    NotFound,
    RequestRefused,
    ServerFailed,
    Unavailable,
)

_KINDS: Final[Mapping[int, type[RequestRefused]]] = {
    401: AccessDenied, 403: AccessDenied, 404: NotFound, 408: Unavailable, 429: Unavailable, 502: Unavailable,
    503: Unavailable, 504: Unavailable,
}  # fmt: skip
_SHOWN = 1000


def refusal(
    method: str, path: str, status: int, headers: Mapping[str, str], body: bytes
) -> RequestRefused | InvalidResponse:
    """Return the error for a response that is not successful.

    Args:
        method: the HTTP method of the request.
        path: the path of the request.
        status: the HTTP status of the response.
        headers: the headers of the response by lower-case name.
        body: the body of the response.
    """
    where = f"{method} {path.partition('?')[0]}"
    if status < 400:
        return InvalidResponse(_unexpected(where, status, headers), status=status)
    found = _error_body(body)
    kind = _KINDS.get(status, ServerFailed if status >= 500 else RequestRefused)
    return kind(
        _text(found, "error") or f"{where} failed with status {status} {_phrase(status)}.",
        status=status,
        code=_text(found, "code"),
        instance=_number(found, "instance"),
        field=_text(found, "field"),
        line=_number(found, "line"),
        column=_number(found, "column"),
        request_id=_text(found, "request_id") or printable(headers.get("x-request-id", "")),
        retry_after=retry_after(headers.get("retry-after", ""), datetime.now(UTC)),
    )


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for; None if it is absent or not valid.

    Args:
        value: the header: seconds, or a date.
        now: the current time.
    """
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:12])
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())


def printable(text: str, most: int = _SHOWN) -> str:
    """Return a string from a server as one line without control characters.

    Args:
        text: the string.
        most: maximum number of characters.
    """
    line = "".join(each if each.isprintable() else " " for each in text[: most + 1])
    return line if len(line) <= most else line[:most] + "..."


def _unexpected(where: str, status: int, headers: Mapping[str, str]) -> str:
    if 300 <= status < 400 and "location" in headers:
        target = headers["location"].partition("?")[0]
        target = "another address" if "@" in target else repr(printable(target, 200))
        return f"{where} was redirected ({status}) to {target}; redirects are not followed."
    return f"{where} returned the unexpected status {status} {_phrase(status)}."


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""


def _error_body(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(found: Mapping[str, object], key: str) -> str:
    value = found.get(key, "")
    return printable(value) if isinstance(value, str) else ""


def _number(found: Mapping[str, object], key: str) -> int | None:
    value = found.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
