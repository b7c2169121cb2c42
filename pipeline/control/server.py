"""Run the server: bind the port, answer until a signal ends it."""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
from types import FrameType

from access_control.gate import AccessGate, AccessRules
from access_control.key_store import KeyStore
from pipeline.control.application import create_application
from pipeline.control.limiter import SharedLimiter
from pipeline.control.scopes import scope_of
from pipeline.control.settings import ControlSettings
from pipeline.errors import UsageError
from serving.http.logs import set_up_logs
from serving.server import GracefulServer, bind_address, server_config

_LOGGERS = ("control", "serving", "access_control")
_LOG = logging.getLogger("control")


def bind(settings: ControlSettings) -> socket.socket:
    """Return a socket that is bound to the address of the settings.

    Raises:
        UsageError: the address cannot be used, or others can reach it and no keys are required.
    """
    bound = bind_address(settings.host, settings.port)
    address = bound.getsockname()[0]
    if settings.keys is None and not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        bound.close()
        raise UsageError(
            f"Others can reach {settings.host}, and this server fetches files for whoever asks:"
            " it needs API keys there."
        )
    if hasattr(signal, "SIGHUP"):
        # Until `run` has a handler: the address may be known by then, and the keys are read after it.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return bound


def run(settings: ControlSettings, bound: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; what is in flight then is finished. SIGHUP reads the keys again.

    Args:
        settings: the settings.
        bound: the socket.

    Raises:
        InputMissing: the key file cannot be read.
        KeyFileError: its content is not valid.
        UsageError: the storage of the rates cannot be used.
    """
    set_up_logs(every_request=settings.log_requests, names=_LOGGERS)
    keys = None if settings.keys is None else KeyStore(settings.keys)
    limiter = SharedLimiter(settings.rate_storage)
    gate = AccessGate(AccessRules(frozenset(settings.hosts), rate=settings.rate), keys, limiter, scope_of)

    def reload(number: int, frame: FrameType | None) -> None:
        if keys is not None:
            keys.reload()

    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, reload)
    if settings.named:
        named = ", ".join(sorted(host.name for host in settings.named))
        _LOG.warning("files are fetched from these hosts whatever their addresses are: %s", named)
    app = create_application(settings, gate, limiter)
    GracefulServer(server_config(app, settings.limits)).run(sockets=[bound])
