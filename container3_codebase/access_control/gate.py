"""Decide whether a request is allowed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from access_control.errors import AccessDenied, BadHost, InvalidKey, MissingKey, MissingScope, RateLimited
from access_control.key_store import KeyStore
from access_control.keys import Key
from access_control.origins import check_host, check_origin
from access_control.rates import Rate

Headers = Iterable[tuple[bytes, bytes]]
ScopeOf = Callable[[str, str], str | None]
"""Returns the scope that a method and path need; None if they need no key."""

_JUDGED = frozenset({b"host", b"origin", b"sec-fetch-site", b"authorization", b"x-api-key"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_HOSTS = 64


class Limiter(Protocol):
    """Counts requests: `rate_limiter.RateLimiter`, or one that keeps its counters elsewhere."""

    def take(self, name: str, rate: Rate) -> float:
        """Count a request.

        Args:
            name: the name of the counter: a key or a client address.
            rate: the allowed number of requests per period.

        Returns:
            0 if the request is within the rate; otherwise the seconds until the next request is.
        """


class AccessRules(NamedTuple):
    """The rules for requests to a server.

    Attributes:
        hosts: additional host names of the server, in lower case.
        origins: origins whose web pages may use the server.
        rate: the rate limit of each key that has none of its own; without keys, of each client address. None: no limit.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    rate: Rate | None = None


class AccessGate:
    """Decides whether a request is allowed.

    With keys, a route needs a key with its scope. Without keys, every client may use the server, except web pages of
    other origins.

    Args:
        rules: host names, origins and rate limit.
        keys: the API keys; None if requests need none.
        limiter: the counter of requests.
        scope_of: function that returns the scope of a route.
    """

    def __init__(
        self, rules: AccessRules, keys: KeyStore | None, limiter: Limiter, scope_of: ScopeOf
    ) -> None:
        self.keys = keys
        self._rules = rules
        self._limiter = limiter
        self._scope_of = scope_of
        self._hosts: set[bytes] = set()

    def admit(
        self, method: str, path: str, headers: Headers, client: str, http_version: str = "1.1"
    ) -> Key | None:
        """Allow a request, or raise an error.

        Args:
            method: the HTTP method.
            path: the path as the routes see it.
            headers: pairs of a lower-case name and a value.
            client: the client's address.
            http_version: the HTTP version of the request; version 1.0 needs no Host header.

        Returns:
            The key that was sent; None if the server has no keys or an open route got no valid one.

        Raises:
            AccessDenied: the request is refused.
        """
        found: dict[bytes, bytes] = {}
        for name, value in headers:
            if name in _JUDGED:
                if name == b"host" and name in found:
                    raise BadHost("The request has two Host headers.")
                found[name] = value
        if b"host" not in found and http_version != "1.0":
            raise BadHost("The request has no Host header.")
        if self.keys is None:
            self._check_page(method, found)
            if self._rules.rate is not None and self._scope_of(method, path) is not None:
                self._check_rate(f"address {client}", self._rules.rate)
            return None
        return self._check_key(self._scope_of(method, path), found, self.keys)

    def _check_page(self, method: str, found: dict[bytes, bytes]) -> None:
        host = found.get(b"host")
        if host is not None and host not in self._hosts:  # only HTTP/1.0 has requests without one
            check_host(host, self._rules.hosts)
            if len(self._hosts) < _MOST_HOSTS:
                self._hosts.add(host)
        if method not in _SAFE and (b"origin" in found or b"sec-fetch-site" in found):
            check_origin(found.get(b"origin"), found.get(b"sec-fetch-site"), host or b"", self._rules.origins)

    def _check_key(self, scope: str | None, found: dict[bytes, bytes], keys: KeyStore) -> Key | None:
        sent = _sent_key(found)
        if scope is None:
            return self._known_key(sent, keys)
        if not sent:
            raise MissingKey
        key = keys.ring.find(sent, time.time())
        try:
            if scope not in key.scopes:
                raise MissingScope(key.id, scope)
            rate = key.rate or self._rules.rate
            if rate is not None:
                self._check_rate(f"key {key.id}", rate)
        except AccessDenied as error:
            error.key = key.id
            raise
        return key

    @staticmethod
    def _known_key(sent: str, keys: KeyStore) -> Key | None:
        """Return the key of a request to an open route; None without a valid key."""
        try:
            return keys.ring.find(sent, time.time())
        except InvalidKey:
            return None

    def _check_rate(self, whose: str, rate: Rate) -> None:
        wait = self._limiter.take(whose, rate)
        if wait:
            raise RateLimited(f"The {whose}", str(rate), wait)


def _sent_key(found: dict[bytes, bytes]) -> str:
    """Return the API key in the headers; empty if there is none."""
    scheme, _, token = found.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        return token.strip().decode("latin-1")
    return found.get(b"x-api-key", b"").strip().decode("latin-1")
