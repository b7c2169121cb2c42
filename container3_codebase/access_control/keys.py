"""API keys: create them, and look up the key of a request."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import NamedTuple

from access_control.errors import InvalidKey
from access_control.rates import Rate

SCOPES = {
    "predict": "predictions and sessions",
    "models": "the list of models, their cards and metadata",
    "metrics": "the metrics",
    "compose:generate": "generate and check compose files",
    "compose:bundle": "bundles, for which the server fetches files",
}
"""The scopes that a key can have, with their descriptions."""

_PREFIX = "app07_"
_LONGEST = 200
_INDEXED = 16


class Key(NamedTuple):
    """A stored API key.

    Attributes:
        id: the name of the key, for people and logs.
        sha256: the SHA-256 of the key, in hexadecimal.
        scopes: the scopes of the key.
        rate: the rate limit of the key; None for the server's limit.
        created: the time of creation, in seconds since 1970.
        expires: the time of expiry, in seconds since 1970; None if the key never expires.
    """

    id: str
    sha256: str
    scopes: frozenset[str]
    rate: Rate | None = None
    created: float = 0.0
    expires: float | None = None

    def has_expired(self, now: float) -> bool:
        """Return whether the key has expired at a time in seconds since 1970."""
        return self.expires is not None and now >= self.expires


def new_key() -> str:
    """Return a new key: 256 random bits, encoded as a string with a prefix that secret scanners recognize."""
    return _PREFIX + secrets.token_urlsafe(32)


def sha256_of(key: str) -> str:
    """Return the hash that is stored for a key.

    A single SHA-256 suffices: scrypt and argon2 slow down the guessing of passwords chosen by people, but 256 random
    bits cannot be guessed, and the hash is computed for every request.
    """
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class KeyRing:
    """The keys that a server accepts.

    Args:
        keys: the keys, with unique IDs and hashes.
    """

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self.keys = tuple(keys)
        # Indexed by the start of the hash: a client without a key cannot choose its hash, so the time of the lookup
        # reveals nothing about the keys. The whole hash is compared in constant time.
        self._by_hash = {key.sha256[:_INDEXED]: key for key in self.keys}

    def find(self, sent: str, now: float) -> Key:
        """Return the stored key that matches the one sent.

        Args:
            sent: the key in the request.
            now: the time in seconds since 1970.

        Raises:
            InvalidKey: no stored key matches, or the matching key has expired.
        """
        if len(sent) > _LONGEST:
            raise InvalidKey
        sha256 = sha256_of(sent)
        key = self._by_hash.get(sha256[:_INDEXED])
        if key is None or not hmac.compare_digest(key.sha256, sha256):
            raise InvalidKey
        if key.has_expired(now):
            raise InvalidKey(f"The API key {key.id} has expired.")
        return key
