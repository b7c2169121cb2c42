"""Run the server: bind the port, load the models, answer until a signal ends it."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from pybrain_runtime.errors import UsageError
from serving.application import create_application
from serving.http.logs import set_up_logs
from serving.http.protocol import limited_protocol
from serving.models.catalog import Catalog
from serving.settings import Settings

_LOG = logging.getLogger("serving")
_BACKLOG = 1024


def bind(settings: Settings) -> socket.socket:
    """Return a socket that is bound to the address of the settings.

    Raises:
        UsageError: the address cannot be used.
    """
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((settings.host, settings.port))
    except OSError as error:
        raise UsageError(
            f"{settings.host}:{settings.port} cannot be listened on: {error.strerror or error}."
        ) from error
    bound.listen(_BACKLOG)
    bound.set_inheritable(True)
    return bound


def run(settings: Settings, bound: socket.socket, on_ready: Callable[[list[str]], None]) -> None:
    """Serve until SIGTERM or SIGINT; what is in flight then is finished. SIGHUP reloads the models.

    Args:
        settings: the settings.
        bound: the socket.
        on_ready: called with their names when the models are loaded.
    """
    set_up_logs(every_request=settings.log_requests)
    catalog = Catalog(settings)
    catalog.start()
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda number, frame: catalog.reload())
    server = _Server(_config(settings, catalog))
    try:
        on_ready(list(catalog.snapshot.models))
        server.run(sockets=[bound])
    finally:
        catalog.stop()


class _Server(uvicorn.Server):
    """uvicorn's server, which ends after a signal without raising it again."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; stop at once on a second Ctrl-C."""
        super().handle_exit(sig, frame)
        self._captured_signals.clear()


def _config(settings: Settings, catalog: Catalog) -> uvicorn.Config:
    limits = settings.limits
    return uvicorn.Config(
        create_application(settings, catalog),
        http=limited_protocol(limits),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=limits.shutdown_seconds,
    )
