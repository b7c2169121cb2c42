"""Budgets of memory and disk space, of which each request reserves a part until it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, MutableMapping
from typing import Any, cast

from starlette.requests import Request

from serving.errors import TooBusy
from serving.settings import RequestLimits


class Budget:
    """A number of bytes of which requests reserve parts. Thread-safe.

    Args:
        limit: maximum number of bytes reserved at a time.
        what: the subject of the error message.
    """

    def __init__(self, limit: int, what: str) -> None:
        self._limit = limit
        self._what = what
        self._used = 0
        self._lock = threading.Lock()

    def change(self, size: int) -> None:
        """Reserve or release bytes.

        Args:
            size: the number of bytes to reserve; negative to release them.

        Raises:
            TooBusy: not enough bytes are left.
        """
        with self._lock:
            if size > 0 and self._used + size > self._limit:
                raise TooBusy(f"{self._what} currently use up their limit of {self._limit} bytes; try again.")
            self._used += size


class Reservation:
    """The part of a budget that a request has reserved; released when the request ends.

    Args:
        budget: the budget.
        free: number of bytes that need no reservation.
    """

    __slots__ = ("_budget", "_free", "_size")

    def __init__(self, budget: Budget, free: int = 0) -> None:
        self._budget = budget
        self._free = free
        self._size = 0

    def resize(self, size: int) -> None:
        """Change the size of the reservation.

        Args:
            size: the total number of bytes of the request.

        Raises:
            TooBusy: not enough bytes are left; the reservation is unchanged.
        """
        wanted = size if size > self._free else 0
        if wanted != self._size:
            self._budget.change(wanted - self._size)
            self._size = wanted


SMALL_BODY = 64 * 1024
"""Maximum size of a body that needs no reservation, so small requests are served while large ones wait."""
_KEY = "resources"


class Resources:
    """The resources that all requests share.

    Args:
        limits: the limits on requests.
    """

    def __init__(self, limits: RequestLimits) -> None:
        self.limits = limits
        self.bodies = Budget(limits.bodies, "Bodies of requests")
        self.tables = Budget(limits.tables_stored, "Tables and their predictions")

    def of_request(self, scope: MutableMapping[str, Any]) -> RequestResources:
        """Create the resources of a request, and attach them to its scope for the handler."""
        found = RequestResources(self)
        scope[_KEY] = found
        return found


class RequestResources:
    """The resources of one request.

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
        """Return the reservation for the body in memory."""
        return self._reservation("body", self._shared.bodies, SMALL_BODY)

    @property
    def table(self) -> Reservation:
        """Return the reservation for the table on disk."""
        return self._reservation("table", self._shared.tables)

    @property
    def answer(self) -> Reservation:
        """Return the reservation for the table's prediction on disk."""
        return self._reservation("answer", self._shared.tables)

    def release(self) -> None:
        """Release all reservations."""
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
    """Return a function that returns whether the client has closed the connection."""
    return cast(Callable[[], bool], request.scope.get("is_gone", bool))
