"""Fetch one file over HTTP: from checked addresses, with every redirect checked again, within limits.

This runs in a separate process (`fetch_process`), which is stopped from outside: a server can be slow, or send headers
and chunk trailers forever, where no limit in this process applies.
"""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from pipeline.bundles.addresses import (
    AddressRefused,
    Resolve,
    SourceHost,
    checked_addresses,
    is_named,
    resolve_host,
)
from pipeline.bundles.bundle_limits import BundleLimits
from pipeline.bundles.content_types import check_type
from pipeline.bundles.errors import SourceFailed, SourceRefused
from pipeline.bundles.urls import SourceUrl, parse_url, shown_url

_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"User-Agent": "app07", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}


@dataclass(frozen=True)
class FetchedFile:
    """A file that was fetched.

    Attributes:
        url: the URL that it was fetched from, after redirects, without credentials and query.
        size: the size in bytes.
        sha256: the SHA-256 in hexadecimal.
    """

    url: str
    size: int
    sha256: str


class PinnedConnection(http.client.HTTPConnection):
    """A connection to one of the checked addresses of a host, without another look-up of its name.

    Args:
        url: the requested URL.
        addresses: the addresses, in the order in which they are tried.
        seconds: the time limit for connecting, and for each wait for data.
        may_be_local: whether the server may be this machine.
    """

    def __init__(self, url: SourceUrl, addresses: list[str], seconds: float, *, may_be_local: bool) -> None:
        super().__init__(url.host, url.port, timeout=seconds)
        self._url = url
        self._addresses = addresses
        self._seconds = seconds
        self._may_be_local = may_be_local

    def connect(self) -> None:
        """Connect to the first reachable address."""
        failed: OSError = OSError("no address")
        for address in self._addresses:
            try:
                connected = socket.create_connection((address, self._url.port), self._seconds)
            except OSError as error:
                failed = error
                continue
            if not self._may_be_local and connected.getsockname()[0] == connected.getpeername()[0]:
                connected.close()  # a public address of this machine
                raise AddressRefused("its host is this machine")
            self.sock = self._with_tls(connected)
            return
        raise failed

    def _with_tls(self, connected: socket.socket) -> socket.socket:
        if self._url.scheme == "http":
            return connected
        return ssl.create_default_context().wrap_socket(connected, server_hostname=self._url.host)


def fetch_file(
    url: str,
    target: Path,
    kind: str,
    named: Collection[SourceHost],
    limits: BundleLimits,
    resolve: Resolve = resolve_host,
) -> FetchedFile:
    """Fetch a file.

    Args:
        url: the URL of the file.
        target: the path of the new file.
        kind: the kind of file, a key of `content_types.TYPES`.
        named: hosts that may have any address.
        limits: the limits on size and time.
        resolve: the function that looks up the addresses of a host.

    Raises:
        SourceRefused: the address, type or size of the file is not allowed.
        SourceFailed: the server cannot be reached, is too slow, or does not have the file.
    """
    deadline = time.monotonic() + limits.fetch_seconds
    place = parse_url(url, named, longest=limits.url)
    for _ in range(limits.redirects + 1):
        connection = _connect(place, named, limits, resolve)
        try:
            response = _ask(connection, place)
            if response.status in _REDIRECTS:
                place = _redirected(place, response, named, limits)
                continue
            _check_response(place, response, kind, limits)
            size, sha256 = _write(place, response, target, limits, deadline)
            return FetchedFile(shown_url(str(place)), size, sha256)
        except (OSError, http.client.HTTPException) as error:
            raise _failed(place, error, limits) from None
        finally:
            connection.close()
    raise SourceFailed(f"{shown_url(url)} has more than {limits.redirects} redirects.", url=url)


def _connect(
    place: SourceUrl, named: Collection[SourceHost], limits: BundleLimits, resolve: Resolve
) -> PinnedConnection:
    try:
        addresses = checked_addresses(place.host, place.port, named, resolve)
    except AddressRefused as error:
        raise SourceRefused(f"{shown_url(str(place))} cannot be fetched: {error}.") from None
    may_be_local = is_named(place.host, place.port, named)
    return PinnedConnection(place, addresses, limits.connect_seconds, may_be_local=may_be_local)


def _ask(connection: PinnedConnection, place: SourceUrl) -> http.client.HTTPResponse:
    try:
        connection.request("GET", place.target, headers=_HEADERS)
        return connection.getresponse()
    except AddressRefused as error:
        raise SourceRefused(f"{shown_url(str(place))} cannot be fetched: {error}.") from None


def _redirected(
    place: SourceUrl, response: http.client.HTTPResponse, named: Collection[SourceHost], limits: BundleLimits
) -> SourceUrl:
    """Return the target of a redirect, after the same checks as for the first URL."""
    location = response.headers.get("Location", "")
    shown = shown_url(str(place))
    if not location:
        raise SourceFailed(f"{shown} returned status {response.status}, a redirect without a target.")
    try:
        found = parse_url(urljoin(str(place), location), named, longest=limits.url)
    except SourceRefused as error:
        raise SourceRefused(f"{shown} has a redirect that is not followed: {error.message}") from None
    except ValueError:
        raise SourceRefused(f"{shown} redirects to an invalid URL.") from None
    if place.scheme == "https" and found.scheme == "http":
        raise SourceRefused(f"{shown} redirects from https to http, which is not allowed.")
    return found


def _check_response(
    place: SourceUrl, response: http.client.HTTPResponse, kind: str, limits: BundleLimits
) -> None:
    shown = shown_url(str(place))
    if response.status != 200:
        raise SourceFailed(f"{shown} returned status {response.status}; expected 200.")
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        # Never decompressed: a megabyte of gzip can contain a gigabyte.
        raise SourceRefused(f"{shown} has the content encoding {encoding[:20]!a}, which was not requested.")
    check_type(shown, response.headers.get("Content-Type", ""), kind)
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and (len(length) > 18 or int(length) > limits.file_size):
        raise _too_large(shown, limits)


def _write(
    place: SourceUrl, response: http.client.HTTPResponse, target: Path, limits: BundleLimits, deadline: float
) -> tuple[int, str]:
    """Write the body to a new file and return its size and SHA-256."""
    shown = shown_url(str(place))
    expected = response.length
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        while chunk := response.read1(_CHUNK):
            size += len(chunk)
            if size > limits.file_size:
                raise _too_large(shown, limits)
            if time.monotonic() > deadline:
                raise SourceFailed(f"{shown} was not complete after {limits.fetch_seconds:g} s.")
            digest.update(chunk)
            file.write(chunk)
    if expected is not None and size != expected:
        raise SourceFailed(f"{shown} ended after {size} of {expected} bytes.")
    return size, digest.hexdigest()


def _too_large(shown: str, limits: BundleLimits) -> SourceRefused:
    return SourceRefused(f"{shown} has more than {limits.file_size} bytes, the limit for a file.")


def _failed(place: SourceUrl, error: Exception, limits: BundleLimits) -> SourceFailed:
    shown = shown_url(str(place))
    if isinstance(error, TimeoutError):
        return SourceFailed(
            f"{shown} cannot be fetched: the server sent nothing for {limits.connect_seconds:g} s."
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return SourceFailed(f"{shown} cannot be fetched: the certificate of the server is not valid.")
    if isinstance(error, http.client.HTTPException):
        return SourceFailed(f"{shown} cannot be fetched: the response is not valid HTTP.")
    reason = (getattr(error, "strerror", None) or type(error).__name__).lower()
    return SourceFailed(f"{shown} cannot be fetched: {reason}.")
