"""uvicorn's HTTP protocol with limits on connections, headers and pipelining, and with timeouts in both directions."""

from __future__ import annotations

import asyncio
import http
from typing import cast

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from serving.http.lingering_close import LingeringTransport
from serving.http.send_queue import bytes_in_system
from serving.settings import RequestLimits

_DRAIN_SECONDS = 1
_IDLE_SECONDS = 0.5
_PIPELINED = 32
_REQUEST_LINE = len("GET  HTTP/1.1\r\n")
_SEPARATORS = len(":\r\n")


class LimitedProtocol(HttpToolsProtocol):
    """An HTTP connection. Each server uses a subclass that sets these attributes.

    Attributes:
        limits: the limits on requests.
        idle: the connections without a request in progress and the time since when they are idle, the oldest first.
        stopping: whether the server is stopping; each connection is then closed after one request.
    """

    limits = RequestLimits()
    stopping = False
    idle: dict[LimitedProtocol, float]

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
        self._unparsed_bytes = 0
        self._in_headers = True
        self._ended = False
        self._draining = False
        self._received = 0
        self._since = self.loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the timeout of the headers, or refuse the connection if there are too many."""
        super().connection_made(cast(asyncio.Transport, transport))
        self._lingering = LingeringTransport(self.transport, self.loop)
        if len(self.connections) > self.limits.connections and not self._make_room():
            self._refuse(503, "Too many connections.", "retry-after: 1\r\n")
            return
        self.idle[self] = self.loop.time()
        self._start_timer()
        if self.stopping:
            self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timeout."""
        self._stop_timer()
        self.idle.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data; refuse headers that are too large."""
        if self._lingering.lingers or self.transport.is_closing():
            return
        self._ended = False
        super().data_received(data)
        if not self._in_headers:
            return
        if self._timer is None and not self.transport.is_closing():
            self._start_timer()  # only now: the headers of most requests arrive at once and need no timer
        # An incomplete header has not been counted yet; data that also ends another request counts with that request.
        if not self._ended:
            self._unparsed_bytes += len(data)
            if self._unparsed_bytes > self.limits.headers and not self.transport.is_closing():
                self._refuse_headers()

    def on_message_begin(self) -> None:
        """Start the headers of the next request."""
        super().on_message_begin()
        self._in_headers, self._header_bytes, self._unparsed_bytes = True, _REQUEST_LINE, 0

    def on_url(self, url: bytes) -> None:
        """Add a part of the URL; its size counts with the headers."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header, or refuse the request if its headers are too large in total."""
        self._count(len(name) + len(value) + _SEPARATORS)
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Stop the timeout, and start the request unless the client has pipelined too many."""
        self._stop_timer()
        self._in_headers, self._ended, self._header_bytes = False, True, 0
        if len(self.pipeline) >= _PIPELINED:
            self._refuse(400, f"More than {_PIPELINED} requests were sent without waiting for the responses.")
            raise ValueError("too many pipelined requests")
        super().on_headers_complete()
        self.idle.pop(self, None)
        self.cycle.transport = cast(asyncio.Transport, self._lingering)
        cast(dict[str, object], self.cycle.scope)["is_gone"] = self.transport.is_closing
        self._lingering.cycle = self.cycle
        if self._draining:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Continue to read in order to notice a disconnect; a pipelined request waits."""
        super().on_message_complete()
        cast(dict[str, object], self.scope)["body_complete"] = True
        self._ended = True
        if not self.pipeline:
            self.flow.resume_reading()

    def on_response_complete(self) -> None:
        """Start the next request, or wait for it; ``close_idle`` ends the wait without a timer per request."""
        if self.pipeline or self._draining or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self.idle[self] = self.loop.time()

    def shutdown(self) -> None:
        """Finish the request in progress and one in transit; the response tells the client to reconnect."""
        self._draining = True
        self.timeout_keep_alive = _DRAIN_SECONDS
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(_DRAIN_SECONDS, self._close_idle)
        elif not self.cycle.response_started:
            self.cycle.keep_alive = False

    @classmethod
    def close_idle(cls, now: float) -> None:
        """Close the connections that have been idle for too long.

        Args:
            now: the time of the event loop, in seconds.
        """
        for connection, since in list(cls.idle.items()):
            if now - since < connection.timeout_keep_alive:
                return
            if (
                connection._timer is None
            ):  # otherwise a request has begun, whose headers have their own timeout
                connection.transport.close()

    def end_if_stuck(self, now: float) -> None:
        """Abort the connection if the client has read its response below the minimum rate for too long.

        Args:
            now: the time of the event loop, in seconds.
        """
        unsent = self.transport.get_write_buffer_size()
        received = self._lingering.written - unsent - (bytes_in_system(self.transport) if unsent else 0)
        enough = self.limits.least_rate * self.limits.send_seconds
        if not unsent or received - self._received >= enough:
            self._received, self._since = received, now
        elif now - self._since > self.limits.send_seconds:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Respond to data that is not valid HTTP."""
        if not self.transport.is_closing():
            self._refuse(400, msg)

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > self.limits.headers:
            self._refuse_headers()
            raise ValueError("headers too large")

    def _refuse_headers(self) -> None:
        self._refuse(
            431, f"The request line and the headers exceed the limit of {self.limits.headers} bytes."
        )

    def _make_room(self) -> bool:
        """Close the connection that has been idle for the longest time; return whether there was one."""
        oldest = next(iter(self.idle), None)
        if oldest is None or self.loop.time() - self.idle[oldest] < _IDLE_SECONDS:
            return False
        del self.idle[oldest]
        oldest._refuse(408, "The connection was idle, and others are waiting.")
        return True

    def _close_idle(self) -> None:
        if self in self.idle:
            self.transport.close()

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
    return cast(type[LimitedProtocol], type("Protocol", (LimitedProtocol,), {"limits": limits, "idle": {}}))
