"""Failures of httpx and httpcore as errors of the client, and the settings that both transports share."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from app07_client.errors import ConnectionFailed, TimedOut, TLSFailed
from app07_client.protocol.refusals import printable

HEADERS: Mapping[str, str] = {"user-agent": "app07-client", "accept": "*/*", "accept-encoding": "identity"}
"""Of every request. Nothing compressed is asked for, so that a small response cannot grow."""
CONNECT_SECONDS = 5.0
"""The longest time to wait for a connection: another try is better than waiting longer."""
CONNECTIONS = 100
"""The most connections of a client."""
KEPT_SECONDS = 5.0
"""How long an idle connection is kept: shorter than servers do, so that none is used that the server has closed."""
FAILURES = (
    httpx.TransportError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    TimeoutError,
)
_UNSENT = (
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout,
    httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout,
)  # fmt: skip
_TIMEOUTS = (httpx.TimeoutException, httpcore.TimeoutException, TimeoutError)


def failure(error: Exception, url: str) -> ConnectionFailed:
    """Return what went wrong with an attempt.

    Args:
        error: one of ``FAILURES``.
        url: of the server.
    """
    unsent = isinstance(error, _UNSENT)
    if (fault := _tls_fault(error)) is not None:
        return TLSFailed(f"There is no trusted connection to {url}: {printable(fault, 300)}.", sent=False)
    if isinstance(error, _TIMEOUTS):
        what = "There was no connection" if unsent else "The response was not complete"
        return TimedOut(f"{what} within the time limit: {url}.", sent=not unsent)
    reason = printable(str(error), 300).rstrip(".") or type(error).__name__
    what = "cannot be reached" if unsent else "has not answered completely"
    return ConnectionFailed(f"{url} {what}: {reason}.", sent=not unsent)


def no_cookies() -> CookieJar:
    """Return a jar that keeps no cookies: what a server sets has no effect on later requests."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def tls_context() -> ssl.SSLContext:
    """Return the settings of encrypted connections: the certificates of certifi, nothing of the environment."""
    context: ssl.SSLContext = httpx.create_ssl_context(trust_env=False)
    return context


def _tls_fault(error: BaseException) -> str | None:
    """Return the fault of TLS that an error is due to."""
    found: BaseException | None = error
    for _ in range(10):
        if isinstance(found, ssl.SSLCertVerificationError):
            return found.verify_message
        if isinstance(found, ssl.SSLError):
            return found.reason or str(found)
        found = found and (found.__cause__ or found.__context__)
    return None
