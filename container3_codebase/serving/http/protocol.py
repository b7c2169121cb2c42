"""uvicorn's HTTP protocol with limits on the number of connections, and on size and time of the headers."""

from __future__ import annotations

import asyncio
import http
from typing import cast

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from serving.settings import RequestLimits


class LimitedProtocol(HttpToolsProtocol):
    """One connection. A subclass sets the limits.

    Attributes:
        limits: the limits.
    """

    limits = RequestLimits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._timer: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._in_headers = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock of the headers, or refuse the connection if there are too many."""
        super().connection_made(cast(asyncio.Transport, transport))
        if len(self.connections) > self.limits.connections:
            self._refuse(503, "Too many connections.", "retry-after: 1\r\n")
        else:
            self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data; refuse headers that are too large."""
        if self.transport.is_closing():
            return
        counted = self._in_headers
        super().data_received(data)
        if counted and self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > self.limits.headers and not self.transport.is_closing():
                self._refuse(431, f"The headers have more than {self.limits.headers} bytes.")

    def on_message_begin(self) -> None:
        """Start the clock of the headers of the next request."""
        super().on_message_begin()
        self._in_headers, self._header_bytes = True, 0
        if self._timer is None:
            self._start_timer()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header; refuse headers that are too large together."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > self.limits.headers:
            self._refuse(431, f"The headers have more than {self.limits.headers} bytes.")
            raise ValueError("headers too large")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Stop the clock, and start the request."""
        self._stop_timer()
        self._in_headers, self._header_bytes = False, 0
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        if not self.transport.is_closing():
            self._refuse(400, msg)

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self.limits.header_seconds, self._timed_out)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _timed_out(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self._refuse(408, f"The headers were not complete after {self.limits.header_seconds:g} s.")

    def _refuse(self, status: int, message: str, headers: str = "") -> None:
        phrase = http.HTTPStatus(status).phrase
        body = msgspec.json.encode({"error": message, "code": phrase.lower().replace(" ", "_")})
        head = (
            f"HTTP/1.1 {status} {phrase}\r\n{headers}content-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()


def limited_protocol(limits: RequestLimits) -> type[LimitedProtocol]:
    """Return the protocol class of a server."""
    return cast(type[LimitedProtocol], type("Protocol", (LimitedProtocol,), {"limits": limits}))
