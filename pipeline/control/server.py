"""Run the server: bind the port, and serve until a signal stops it."""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
from types import FrameType

from access_control.gate import AccessGate, AccessRules
from access_control.key_store import KeyStore
from common.errors import UsageError
from pipeline.control.application import create_application
from pipeline.control.limiter import SharedLimiter
from pipeline.control.scopes import scope_of
from pipeline.control.settings import ControlSettings
from serving.http.logs import set_up_logs
from serving.server import GracefulServer, bind_address, server_config

_LOGGERS = ("control", "serving", "access_control")
_LOG = logging.getLogger("control")


def bind(settings: ControlSettings) -> socket.socket:
    """Return a socket bound to the address in the settings.

    Raises:
        UsageError: the address cannot be used, or it is not a loopback address and no keys are required.
    """
    bound = bind_address(settings.host, settings.port)
    address = bound.getsockname()[0]
    if settings.keys is None and not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        bound.close()
        raise UsageError(
            f"{settings.host} can be reached from other machines, and this server fetches files for its clients:"
            " API keys are required."
        )
    if hasattr(signal, "SIGHUP"):
        # Until `run` sets a handler: clients may already know the address, and `run` reads the keys anyway.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return bound


def run(settings: ControlSettings, bound: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests in flight. SIGHUP reloads the keys.

    Args:
        settings: the settings.
        bound: the bound socket.

    Raises:
        InputMissing: the key file cannot be read.
        KeyFileError: the content of the key file is not valid.
        UsageError: the rate storage cannot be used.
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
        _LOG.warning("files may be fetched from these hosts even at private addresses: %s", named)
    app = create_application(settings, gate, limiter)
    GracefulServer(server_config(app, settings.limits)).run(sockets=[bound])
