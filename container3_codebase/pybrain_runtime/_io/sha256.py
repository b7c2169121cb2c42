"""SHA-256 without OpenSSL for what is small: loading that takes longer than hashing a one-row run's files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

_SMALL = 256 * 1024
_LIGHT = ("_sha2", "_sha256")  # Python's own code, as CPython names it since 3.12 and before


class Sha256:
    """The hash of what has been given so far. What is small is held until somebody asks."""

    def __init__(self) -> None:
        self._held = b""
        self._hash: Any = None

    def update(self, data: bytes | memoryview) -> None:
        """Takes more bytes."""
        if self._hash is not None:
            self._hash.update(data)
        elif len(self._held) + len(data) <= _SMALL:
            self._held += data
        else:
            import hashlib

            self._hash = hashlib.sha256(self._held)
            self._hash.update(data)
            self._held = b""

    def copy(self) -> Sha256:
        """Returns a hash that goes on from here by itself."""
        other = Sha256()
        other._held = self._held
        other._hash = self._hash and self._hash.copy()
        return other

    def hexdigest(self) -> str:
        """Returns the hash in hexadecimal."""
        digest = self._hash if self._hash is not None else _small(self._held)
        text: str = digest.hexdigest()
        return text


def _small(data: bytes) -> Any:
    library = sys.modules.get("hashlib")  # the fastest, where somebody has loaded it already
    return library.sha256(data) if library else _light()(data)


@cache
def _light() -> Callable[[bytes], Any]:
    for name in _LIGHT:
        with suppress(ImportError):
            sha256: Callable[[bytes], Any] = import_module(name).sha256
            return sha256
    import hashlib

    return hashlib.sha256
