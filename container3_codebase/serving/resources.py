"""What requests share: bytes in memory and on disk. Each reserves parts, which are given back when it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, MutableMapping
from typing import Any, cast

from starlette.requests import Request

from serving.errors import TooBusy
from serving.settings import RequestLimits


class Budget:
    """Bytes of which requests reserve parts. It may be used in any thread.

    Args:
        limit: the most bytes at a time.
        what: what the bytes are, for messages.
    """

    def __init__(self, limit: int, what: str) -> None:
        self._limit = limit
        self._what = what
        self._used = 0
        self._lock = threading.Lock()

    def change(self, size: int) -> None:
        """Reserve bytes, or return them.

        Args:
            size: the bytes; negative to return them.

        Raises:
            TooBusy: there are not as many left.
        """
        with self._lock:
            if size > 0 and self._used + size > self._limit:
                raise TooBusy(f"{self._what} take all of the {self._limit} bytes for them now.")
            self._used += size


class Reservation:
    """What one request has reserved of a budget; given back as a whole when the request ends.

    Args:
        budget: the budget.
        free: bytes that need no reservation.
    """

    __slots__ = ("_budget", "_free", "_size")

    def __init__(self, budget: Budget, free: int = 0) -> None:
        self._budget = budget
        self._free = free
        self._size = 0

    def resize(self, size: int) -> None:
        """Reserve as many bytes.

        Args:
            size: all bytes of the request.

        Raises:
            TooBusy: there are not as many left; what was reserved before stays reserved.
        """
        wanted = size if size > self._free else 0
        if wanted != self._size:
            self._budget.change(wanted - self._size)
            self._size = wanted


SMALL_BODY = 64 * 1024
"""Bytes of a body that needs no reservation: many small requests are served while large ones are held up."""
_KEY = "resources"


class Resources:
    """What all requests share.

    Args:
        limits: the limits on requests.
    """

    def __init__(self, limits: RequestLimits) -> None:
        self.limits = limits
        self.bodies = Budget(limits.bodies, "Bodies of requests")
        self.tables = Budget(limits.tables_stored, "Tables and their predictions")

    def of_request(self, scope: MutableMapping[str, Any]) -> RequestResources:
        """Return the resources of one request, and let its handler find them."""
        found = RequestResources(self)
        scope[_KEY] = found
        return found


class RequestResources:
    """What one request uses.

    Attributes:
        limits: the limits on requests.
    """

    __slots__ = ("_shared", "_used", "limits")

    def __init__(self, shared: Resources) -> None:
        self.limits = shared.limits
        self._shared = shared
        self._used: dict[str, Reservation] = {}

    @property
    def body(self) -> Reservation:
        """Return the reservation of its body in memory."""
        return self._reservation("body", self._shared.bodies, SMALL_BODY)

    @property
    def table(self) -> Reservation:
        """Return the reservation of its table on disk."""
        return self._reservation("table", self._shared.tables)

    @property
    def answer(self) -> Reservation:
        """Return the reservation of the prediction of the table on disk."""
        return self._reservation("answer", self._shared.tables)

    def release(self) -> None:
        """Give everything back."""
        for each in self._used.values():
            each.resize(0)

    def _reservation(self, name: str, budget: Budget, free: int = 0) -> Reservation:
        found = self._used.get(name)
        if found is None:  # most requests need none
            found = self._used[name] = Reservation(budget, free)
        return found


def resources_of(request: Request) -> RequestResources:
    """Return the resources of a request."""
    return cast(RequestResources, request.scope[_KEY])


def is_gone(request: Request) -> Callable[[], bool]:
    """Return a function that says whether the client has closed the connection."""
    return cast(Callable[[], bool], request.scope.get("is_gone", bool))
