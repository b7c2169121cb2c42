"""Read the body of a request within its limits on bytes and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from serving.errors import MalformedRequest, PayloadTooLarge, RequestTimedOut, UnsupportedMediaType


def content_type(request: Request) -> str:
    """Return the content type without its parameters, in lower case; empty where there is none."""
    return header(request, b"content-type").partition(";")[0].strip().lower()


def header(request: Request, name: bytes) -> str:
    """Return the value of a header; empty where there is none.

    This takes a fifth of the time of ``request.headers``.

    Args:
        request: the request.
        name: the name of the header, in lower case.
    """
    for key, value in request.scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


async def read_body(request: Request, *, limit: int, seconds: float) -> bytes:
    """Return the body.

    Args:
        request: the request.
        limit: the most bytes.
        seconds: the time until it is complete.

    Raises:
        PayloadTooLarge: it has more bytes.
        RequestTimedOut: it is not complete in time.
        UnsupportedMediaType: it is compressed.
    """
    _check_headers(request, limit)
    parts: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(seconds):
            while more:
                message = await request.receive()
                if message["type"] != "http.request":
                    raise _incomplete()
                parts.append(message.get("body", b""))
                more = message.get("more_body", False)
                size += len(parts[-1])
                if size > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise _too_slow(seconds, size) from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def blocks(request: Request, *, limit: int, seconds: float) -> AsyncIterator[bytes]:
    """Yield the body in blocks, with the limits of ``read_body``."""
    _check_headers(request, limit)
    stream = request.stream()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    size = 0
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                block = await anext(stream, None)
        except TimeoutError:
            raise _too_slow(seconds, size) from None
        except ClientDisconnect:
            raise _incomplete() from None
        if block is None:
            return
        size += len(block)
        if size > limit:
            raise _too_large(limit)
        yield block


def _check_headers(request: Request, limit: int) -> None:
    length = header(request, b"content-length")
    if length.isdecimal() and (len(length) > 18 or int(length) > limit):
        raise _too_large(limit)
    encoding = header(request, b"content-encoding").lower() or "identity"
    if encoding != "identity":
        raise UnsupportedMediaType(
            f"The content encoding {encoding[:40]!r} is not supported; send the body as it is."
        )


def _incomplete() -> MalformedRequest:
    return MalformedRequest("The client closed the connection before the body was complete.")


def _too_slow(seconds: float, size: int) -> RequestTimedOut:
    return RequestTimedOut(f"The body was not complete after {seconds:g} s; {size} bytes have arrived.")


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body has more than {limit} bytes, the limit of this route.", limit=limit)
