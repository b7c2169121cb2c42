"""An httpx transport that enforces the time limit of a call in every operation on a connection.

The timeouts of httpx apply to a single read or write, so a server that sends a byte now and then never exceeds them.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator

import httpcore
import httpx

from app07_client.transport.failures import CONNECT_SECONDS, CONNECTIONS, KEPT_SECONDS


class Deadline(threading.local):
    """The time limit of a thread's current call.

    Attributes:
        at: the time by which the call must be complete, as given by ``time.monotonic``.
        patience: maximum time of one operation, in seconds.
    """

    at = 0.0
    patience = 0.0

    def left(self) -> float:
        """Return the time limit of the next operation in seconds; 0 or less if no time is left."""
        return min(self.at - time.monotonic(), self.patience)


class DeadlineStream(httpcore.NetworkStream):
    """A connection whose operations end by a deadline.

    Args:
        stream: the httpcore connection.
        deadline: the time limit, which replaces the timeouts of httpcore.
    """

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read the next bytes; see ``httpcore.NetworkStream``."""
        if (seconds := self._deadline.left()) <= 0:
            raise httpcore.ReadTimeout
        block: bytes = self._stream.read(max_bytes, seconds)
        return block

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes; see ``httpcore.NetworkStream``."""
        if (seconds := self._deadline.left()) <= 0:
            raise httpcore.WriteTimeout
        self._stream.write(buffer, seconds)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Return the connection with TLS; see ``httpcore.NetworkStream``."""
        seconds = _connect_seconds(self._deadline)
        return DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, seconds), self._deadline)

    def get_extra_info(self, info: str) -> object:
        """Return an item of information about the connection, such as its socket."""
        return self._stream.get_extra_info(info)


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections whose operations end by a deadline.

    Args:
        deadline: the time limit.
    """

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a host; see ``httpcore.NetworkBackend``."""
        seconds = _connect_seconds(self._deadline)
        stream = self._backend.connect_tcp(host, port, seconds, local_address, socket_options)
        return DeadlineStream(stream, self._deadline)


class DeadlineTransport(httpx.BaseTransport):
    """Sends requests over a pool of connections.

    Args:
        context: settings for TLS connections; None for a server without TLS.

    Attributes:
        deadline: the time limit, to be set before a request is sent.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.deadline = Deadline()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=DeadlineBackend(self.deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return the response with its body not yet read."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = self._pool.handle_request(
            httpcore.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


def _connect_seconds(deadline: Deadline) -> float:
    if (seconds := min(deadline.left(), CONNECT_SECONDS)) <= 0:
        raise httpcore.ConnectTimeout
    return seconds
