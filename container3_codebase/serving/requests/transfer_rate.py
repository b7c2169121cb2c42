"""Enforce a minimum rate for receiving a body, so that slow clients do not block others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import Message

from serving.errors import RequestTimedOut
from serving.settings import RequestLimits


class Pace:
    """Receives the messages of a body within limits on time and rate.

    Args:
        limits: the grace period and the minimum rate.
        seconds: time limit for the whole body.

    Attributes:
        size: the number of bytes received, counted by the caller.
    """

    def __init__(self, limits: RequestLimits, seconds: float) -> None:
        self._time = asyncio.get_running_loop().time
        self._limits = limits
        self._seconds = seconds
        self._ends = self._time() + seconds
        self._waited = 0.0
        self.size = 0

    async def receive(self, receive: Callable[[], Awaitable[Message]]) -> Message:
        """Return the next message.

        Only the time spent waiting for the client counts towards its rate.

        Args:
            receive: the ASGI receive function.

        Raises:
            RequestTimedOut: the body is not complete in time, or arrives too slowly.
        """
        started = self._time()
        allowed = max(self._limits.grace_seconds, self.size / self._limits.least_rate)
        late = started + allowed - self._waited
        try:
            async with asyncio.timeout_at(min(late, self._ends)):
                message = await receive()
        except TimeoutError:
            raise self._too_slow(late < self._ends) from None
        self._waited += self._time() - started
        return message

    def _too_slow(self, below_rate: bool) -> RequestTimedOut:
        if below_rate:
            return RequestTimedOut(
                f"The body arrives more slowly than {self._limits.least_rate} bytes per second; "
                f"{self.size} bytes were received."
            )
        return RequestTimedOut(
            f"The body was not complete after {self._seconds:g} s; {self.size} bytes were received."
        )
