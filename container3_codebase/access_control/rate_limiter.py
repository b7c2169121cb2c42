"""Rate limits that all processes of a server share.

The package ``limits`` keeps its counters in one process, or in Redis, memcached or MongoDB. The workers of this server
share memory instead, so a common limit needs no additional service.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from types import ModuleType

from access_control.rates import Rate

try:
    import fcntl as _locks

    _fcntl: ModuleType | None = _locks
except ImportError:  # Windows, where a server is one process
    _fcntl = None

_PLACES = 1 << 14
_TRIED = 8


class RateLimiter:
    """Token buckets by name, in memory shared by forked processes.

    A bucket holds ``rate.requests`` tokens and is refilled at a constant rate. Only the time at which it is full again
    is stored (the "theoretical arrival time" of the generic cell rate algorithm, ITU-T I.371), so the slot of an unused
    bucket can be reused. The memory is bounded, whatever names are used.

    Args:
        shared: whether several processes use the limiter, which must then be created before they are forked.
        clock: returns the time in seconds, the same in all processes.
    """

    def __init__(self, *, shared: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        memory = memoryview(mmap.mmap(-1, _PLACES * 16))
        self._names = memory[: _PLACES * 8].cast("Q")
        self._full = memory[_PLACES * 8 :].cast("d")
        self._lock_file = _lock_file() if shared else -1

    def take(self, name: str, rate: Rate) -> float:
        """Take a token from a bucket.

        Args:
            name: the name of the bucket.
            rate: the size of the bucket and the period in which it is refilled.

        Returns:
            0 if a token was available; otherwise the seconds until one is.
        """
        # Never 0, which marks a slot that was never used.
        number = int.from_bytes(blake2b(name.encode("utf-8"), digest_size=8).digest()) | 1
        with self._locked():
            now = self._clock()
            place = self._place(number)
            full = max(now, self._full[place]) if self._names[place] == number else now
            interval = rate.seconds / rate.requests
            wait = full - now - (rate.seconds - interval)
            if wait > 1e-6 * interval:
                return wait
            self._names[place] = number
            self._full[place] = full + interval
        return 0.0

    def _place(self, number: int) -> int:
        """Return the slot of a bucket: its own, or else that of the bucket that will be full first."""
        places = [(number + step) % _PLACES for step in range(_TRIED)]
        for place in places:
            if self._names[place] == number:
                return place
        return min(places, key=self._full.__getitem__)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock out the other processes. The operating system releases the lock of a killed process."""
        if self._lock_file < 0 or _fcntl is None:
            yield
            return
        _fcntl.lockf(self._lock_file, _fcntl.LOCK_EX)
        try:
            yield
        finally:
            _fcntl.lockf(self._lock_file, _fcntl.LOCK_UN)


def _lock_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("app07-rates")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
