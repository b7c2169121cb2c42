"""Run the server: bind the port, load the models, and serve until a signal arrives."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from access_control.gate import AccessGate, AccessRules
from pybrain_runtime.errors import UsageError
from serving.application import create_application
from serving.http.listening import refuse_new
from serving.http.logs import set_up_logs
from serving.http.open_files import possible_connections
from serving.http.protocol import LimitedProtocol, limited_protocol
from serving.metrics import Metrics
from serving.models.catalog import Catalog
from serving.routes.scopes import scope_of
from serving.sessions.folder import session_folder
from serving.settings import RequestLimits, Settings
from serving.shared import Shared

_LOG = logging.getLogger("serving")
BACKLOG = 4096
_TICKS = 10
# Seconds for connections that are being established when the server stops.
_HANDSHAKE_SECONDS = 0.1


def bind(settings: Settings) -> socket.socket:
    """Return a socket bound to the address in the settings.

    Raises:
        UsageError: the address cannot be used.
    """
    return bind_address(settings.host, settings.port)


def bind_address(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address.

    Args:
        host: the address or host name.
        port: the port; 0 for a free one.

    Raises:
        UsageError: the address cannot be used.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, port))
        except OSError:
            bound.close()
            raise
    except OSError as error:
        raise UsageError(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from error
    bound.listen(BACKLOG)
    bound.set_inheritable(True)
    return bound


def run(
    settings: Settings,
    bound: socket.socket,
    on_ready: Callable[[list[str]], None],
    shared: Shared,
    worker: int = 0,
    on_reload: Callable[[], None] = lambda: None,
    *,
    is_alone: bool = True,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests in flight. SIGHUP reloads the models and keys.

    Args:
        settings: the settings.
        bound: the socket.
        on_ready: called with the model names when the models are loaded.
        shared: the objects that the workers share.
        worker: the index of this worker.
        on_reload: called on SIGHUP, in a signal handler.
        is_alone: whether no other process accepts connections on the socket.
    """
    set_up_logs(every_request=settings.log_requests)
    metrics = Metrics(shared.series, worker)
    catalog = Catalog(settings, metrics.count_load)
    catalog.start()

    def reload(number: int, frame: FrameType | None) -> None:
        on_reload()
        catalog.reload()
        if shared.keys is not None:
            shared.keys.reload()

    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, reload)
    rules = AccessRules(frozenset(settings.hosts), frozenset(settings.origins), settings.rate)
    gate = AccessGate(rules, shared.keys, shared.limiter, scope_of)
    try:
        with session_folder(settings.sessions) as sessions:
            app = create_application(replace(settings, sessions=sessions), catalog, metrics, gate)
            server = GracefulServer(server_config(app, settings.limits), is_alone=is_alone)
            # Packages and models are permanent. Excluding them makes full garbage collections instant; otherwise each
            # takes 40 ms, several times a second if requests have many rows.
            gc.collect()
            gc.freeze()
            on_ready(list(catalog.snapshot.models))
            server.run(sockets=[bound])
    finally:
        catalog.stop()


class GracefulServer(uvicorn.Server):
    """A uvicorn server that does not raise signals again, and loses no request when it stops.

    Args:
        config: the configuration.
        is_alone: whether no other process accepts connections on its sockets. If others do, the supervisor refuses
            new connections, because a single worker that stops leaves them to the others.
    """

    def __init__(self, config: uvicorn.Config, *, is_alone: bool = True) -> None:
        super().__init__(config)
        self._is_alone = is_alone

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop gracefully, or at once on a second Ctrl-C; see ``uvicorn.Server``."""
        super().handle_exit(sig, frame)
        self._captured_signals.clear()

    async def on_tick(self, counter: int) -> bool:
        """Close idle connections, and those whose client does not read."""
        if counter % _TICKS == 0:
            now = asyncio.get_running_loop().time()
            self._protocol_class.close_idle(now)
            for connection in list(self.server_state.connections):
                if isinstance(connection, LimitedProtocol):
                    connection.end_if_stuck(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept the connections that the operating system has already established, then shut down as uvicorn does."""
        self._protocol_class.stopping = True
        listening = [each.dup() for each in sockets or ()]
        for server in self.servers:
            server.close()
        for each in listening:
            each.setblocking(False)
            if self._is_alone:
                refuse_new(each)
            await self._accept_rest(each)
        await asyncio.sleep(_HANDSHAKE_SECONDS)
        for each in listening:
            await self._accept_rest(each)
            each.close()
        await super().shutdown(sockets)

    async def _accept_rest(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:  # usually because there is none
                return
            await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        return self._protocol_class(self.config, self.server_state, self.lifespan.state)

    @property
    def _protocol_class(self) -> type[LimitedProtocol]:
        return cast(type[LimitedProtocol], self.config.http_protocol_class)


def server_config(app: ASGIApp, limits: RequestLimits) -> uvicorn.Config:
    """Return the configuration of uvicorn.

    Args:
        app: the application.
        limits: the limits on requests.
    """
    limits = replace(limits, connections=possible_connections(limits.connections))
    return uvicorn.Config(
        app,
        http=limited_protocol(limits),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=limits.shutdown_seconds,
    )
