"""The keys of a running server, reloaded when their file changes."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from access_control.key_file import read_key_file
from access_control.keys import KeyRing
from pybrain_runtime.errors import PipelineError

_LOG = logging.getLogger("access_control")
_SECONDS = 0.5

_Signature = tuple[int, int, int, int] | None


class KeyStore:
    """The keys of a file. If the file becomes invalid, the last valid keys stay in use.

    Args:
        path: the key file.

    Attributes:
        problem: the reason why the current file is not in use; empty if it is in use.

    Raises:
        InputMissing: the file cannot be read.
        KeyFileError: the file is not a valid key file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._signature = _signature_of(path)
        self._ring = KeyRing(read_key_file(path))
        self._look_at = time.monotonic() + _SECONDS
        self.problem = ""

    @property
    def ring(self) -> KeyRing:
        """The keys. The file is checked again after half a second, so a revoked key is refused by then."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + _SECONDS
            self._refresh()
        return self._ring

    def reload(self) -> None:
        """Read the file at the next request, even if it seems unchanged."""
        self._signature = None
        self._look_at = 0.0

    def _refresh(self) -> None:
        found = _signature_of(self._path)
        if found == self._signature and found is not None:
            return
        self._signature = found
        try:
            self._ring = KeyRing(read_key_file(self._path))
        except PipelineError as error:
            if error.message != self.problem:
                _LOG.error("the keys that were read last stay in use: %s", error.message)
            self.problem = error.message
            return
        self.problem = ""
        _LOG.info("%d API keys are in use", len(self._ring.keys))


def _signature_of(path: Path) -> _Signature:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode
