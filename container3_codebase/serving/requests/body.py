"""Read the body of a request within its limits on bytes and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from serving.errors import MalformedRequest, PayloadTooLarge, RequestTimedOut, UnsupportedMediaType


def content_type(request: Request) -> str:
    """Return the content type without its parameters, in lower case; empty where there is none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


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
    return b"".join([block async for block in blocks(request, limit=limit, seconds=seconds)])


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
            raise RequestTimedOut(
                f"The body was not complete after {seconds:g} s; {size} bytes have arrived."
            ) from None
        except ClientDisconnect:
            raise MalformedRequest("The client closed the connection before the body was complete.") from None
        if block is None:
            return
        size += len(block)
        if size > limit:
            raise _too_large(limit)
        yield block


def _check_headers(request: Request, limit: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 18 or int(length) > limit):
        raise _too_large(limit)
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding != "identity":
        raise UnsupportedMediaType(
            f"The content encoding {encoding[:40]!r} is not supported; send the body as it is."
        )


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body has more than {limit} bytes, the limit of this route.", limit=limit)
