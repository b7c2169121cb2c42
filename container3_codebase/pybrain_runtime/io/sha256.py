"""SHA-256, without loading OpenSSL for small files, which takes longer than hashing them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

_SMALL = 256 * 1024
_BUILT_IN = ("_sha2", "_sha256")  # CPython's built-in implementation: its name since 3.12, and before


class Sha256:
    """An incremental SHA-256. Small data are buffered, and hashed when the digest is requested."""

    def __init__(self) -> None:
        self._buffered = b""
        self._hash: Any = None

    def update(self, data: bytes | memoryview) -> None:
        """Add bytes."""
        if self._hash is not None:
            self._hash.update(data)
        elif len(self._buffered) + len(data) <= _SMALL:
            self._buffered += data
        else:
            import hashlib

            self._hash = hashlib.sha256(self._buffered)
            self._hash.update(data)
            self._buffered = b""

    def copy(self) -> Sha256:
        """Return an independent copy."""
        other = Sha256()
        other._buffered = self._buffered
        other._hash = self._hash and self._hash.copy()
        return other

    def hexdigest(self) -> str:
        """Return the digest in hexadecimal."""
        digest = self._hash if self._hash is not None else _hash_small(self._buffered)
        text: str = digest.hexdigest()
        return text


def _hash_small(data: bytes) -> Any:
    library = sys.modules.get("hashlib")  # the fastest, if it is already imported
    return library.sha256(data) if library else _built_in_sha256()(data)


@cache
def _built_in_sha256() -> Callable[[bytes], Any]:
    for name in _BUILT_IN:
        with suppress(ImportError):
            sha256: Callable[[bytes], Any] = import_module(name).sha256
            return sha256
    import hashlib

    return hashlib.sha256
