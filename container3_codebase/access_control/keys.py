"""API keys: how they are made, and how the key of a request is found."""

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
"""What a key may be allowed."""

_PREFIX = "app07_"
_LONGEST = 200
_INDEXED = 16


class Key(NamedTuple):
    """An API key as it is stored.

    Attributes:
        id: its name, for people and logs.
        sha256: the SHA-256 of the key, in hexadecimal.
        scopes: what it allows.
        rate: its rate limit; None for that of the server.
        created: seconds since 1970.
        expires: seconds since 1970; None for never.
    """

    id: str
    sha256: str
    scopes: frozenset[str]
    rate: Rate | None = None
    created: float = 0.0
    expires: float | None = None

    def has_expired(self, now: float) -> bool:
        """Return whether the key is no longer valid."""
        return self.expires is not None and now >= self.expires


def new_key() -> str:
    """Return a new key: 256 random bits as text, with a prefix by which scanners for secrets can find it."""
    return _PREFIX + secrets.token_urlsafe(32)


def sha256_of(key: str) -> str:
    """Return the hash that is stored for a key.

    One SHA-256, not scrypt or argon2: those make it slow to guess passwords, which people choose. Nobody guesses 256
    random bits, and the hash of a key is computed for every request.
    """
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class KeyRing:
    """The keys that a server accepts.

    Args:
        keys: the keys; their ids and hashes differ.
    """

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self.keys = tuple(keys)
        # By the start of the hash: who does not know a key cannot choose its hash, so the time of the look-up says
        # nothing about the keys. The comparison of the whole hash takes the same time for all.
        self._by_hash = {key.sha256[:_INDEXED]: key for key in self.keys}

    def find(self, sent: str, now: float) -> Key:
        """Return the key that was sent.

        Args:
            sent: the text from the request.
            now: seconds since 1970.

        Raises:
            InvalidKey: there is no such key, or it has expired.
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
