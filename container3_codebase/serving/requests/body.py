"""Read the body of a request within limits on size and time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import lru_cache
from typing import cast

from starlette.requests import Request

from serving.errors import MalformedRequest, PayloadTooLarge, UnsupportedMediaType
from serving.requests.transfer_rate import Pace
from serving.resources import SMALL_BODY, resources_of

_HEADERS = "headers_by_name"


def content_type(request: Request) -> str:
    """Return the content type without its parameters, in lower case; empty if there is none."""
    return _without_parameters(header(request, b"content-type"))


@lru_cache(maxsize=64)
def _without_parameters(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def header(request: Request, name: bytes) -> str:
    """Return the value of a header: the first of several, empty if there is none.

    Ten times as fast as ``request.headers``.

    Args:
        request: the request.
        name: the name of the header, in lower case.
    """
    scope = request.scope
    found = scope.get(_HEADERS)
    if found is None:
        found = scope[_HEADERS] = dict(reversed(scope["headers"]))
    value = found.get(name)
    return "" if value is None else str(value, "latin-1")


async def read_body(request: Request, *, limit: int, seconds: float) -> bytes:
    """Read the body.

    Args:
        request: the request.
        limit: maximum size in bytes.
        seconds: time limit for receiving the body.

    Raises:
        PayloadTooLarge: the body exceeds the limit.
        RequestTimedOut: the body is not complete in time, or arrives too slowly.
        TooBusy: the body is large, and other bodies use up the memory.
        UnsupportedMediaType: the body is compressed.
    """
    length = _checked_length(request, limit)
    if 0 < length <= SMALL_BODY and request.scope.get(
        "body_complete"
    ):  # the body has arrived, so no timeout is needed
        message = await request.receive()
        if message["type"] == "http.request" and len(message["body"]) == length:
            return cast(bytes, message["body"])
        raise _incomplete()
    resources = resources_of(request)
    resources.body.resize(length)
    pace = Pace(resources.limits, seconds)
    parts: list[bytes] = []
    more = True
    while more:
        message = await pace.receive(request.receive)
        if message["type"] != "http.request":
            raise _incomplete()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
        pace.size += len(parts[-1])
        if pace.size > limit:
            raise _too_large(limit)
        if pace.size > length:  # a body without a length
            resources.body.resize(pace.size)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def blocks(request: Request, *, limit: int, seconds: float) -> AsyncIterator[bytes]:
    """Yield the body in blocks, with the limits of ``read_body`` on size and time.

    Args:
        request: the request.
        limit: maximum size in bytes.
        seconds: time limit for receiving the body.
    """
    _checked_length(request, limit)
    pace = Pace(resources_of(request).limits, seconds)
    more = True
    while more:
        message = await pace.receive(request.receive)
        if message["type"] != "http.request":
            raise _incomplete()
        block = message.get("body", b"")
        more = message.get("more_body", False)
        pace.size += len(block)
        if pace.size > limit:
            raise _too_large(limit)
        if block:
            yield block


def _checked_length(request: Request, limit: int) -> int:
    """Return the length in the headers, checked against the limit; 0 if they have none."""
    length = header(request, b"content-length")
    if length.isdecimal() and (len(length) > 18 or int(length) > limit):
        raise _too_large(limit)
    encoding = header(request, b"content-encoding").lower() or "identity"
    if encoding != "identity":
        raise UnsupportedMediaType(
            f"The content encoding {encoding[:40]!r} is not supported; send the body uncompressed."
        )
    return int(length) if length.isdecimal() else 0


def _incomplete() -> MalformedRequest:
    return MalformedRequest("The client closed the connection before the body was complete.")


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body exceeds this route's limit of {limit} bytes.", limit=limit)
