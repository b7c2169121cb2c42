"""Convert failures of httpx and httpcore to the client's errors; settings that both transports share."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from app07_client.errors import ConnectionFailed, TimedOut, TLSFailed
from app07_client.protocol.refusals import printable

HEADERS: Mapping[str, str] = {"user-agent": "app07-client", "accept": "*/*", "accept-encoding": "identity"}
"""Headers of every request. Compression is not requested, so a small response cannot expand."""
CONNECT_SECONDS = 5.0
"""Maximum seconds to wait for a connection: retrying is better than waiting longer."""
CONNECTIONS = 100
"""Maximum number of connections of a client."""
KEPT_SECONDS = 5.0
"""Seconds to keep an idle connection: fewer than servers do, so none is reused that the server has closed."""
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
    """Return the client's error for a failed attempt.

    Args:
        error: one of ``FAILURES``.
        url: the URL of the server.
    """
    unsent = isinstance(error, _UNSENT)
    if (fault := _tls_fault(error)) is not None:
        return TLSFailed(
            f"Cannot establish a trusted connection to {url}: {printable(fault, 300)}.", sent=False
        )
    if isinstance(error, _TIMEOUTS):
        what = "No connection was established" if unsent else "The response was not complete"
        return TimedOut(f"{what} within the time limit: {url}.", sent=not unsent)
    reason = printable(str(error), 300).rstrip(".") or type(error).__name__
    what = "cannot be reached" if unsent else "did not respond completely"
    return ConnectionFailed(f"{url} {what}: {reason}.", sent=not unsent)


def no_cookies() -> CookieJar:
    """Return a jar that rejects all cookies, so a server cannot influence later requests."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def tls_context() -> ssl.SSLContext:
    """Return the default TLS settings: the certificates of certifi, independent of the environment."""
    context: ssl.SSLContext = httpx.create_ssl_context(trust_env=False)
    return context


def _tls_fault(error: BaseException) -> str | None:
    """Return the TLS problem that caused an error; None if there was another cause."""
    found: BaseException | None = error
    for _ in range(10):
        if isinstance(found, ssl.SSLCertVerificationError):
            return found.verify_message
        if isinstance(found, ssl.SSLError):
            return found.reason or str(found)
        found = found and (found.__cause__ or found.__context__)
    return None
