"""Rate limits that several servers can share, with counters of the package ``limits`` in memory or in Redis."""

from __future__ import annotations

import logging
import time

from access_control.errors import AccessDenied
from access_control.rates import Rate
from common.errors import UsageError

_LOG = logging.getLogger("control")
_SECONDS = 0.5
"""Time limit in seconds for each request to Redis."""


class CountersUnavailable(AccessDenied):
    """The counters of the rate limits cannot be reached, so no request can be allowed."""

    http_status = 503
    code = "counters_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The counters of the rate limits cannot be reached; try again later.", {"retry-after": "5"}
        )


class SharedLimiter:
    """Counts requests in a moving window.

    Args:
        uri: ``memory://`` for counters in this process, or the URI of a Redis server, which several servers can share.

    Raises:
        UsageError: the URI is not valid, or the storage does not respond.
    """

    def __init__(self, uri: str = "memory://") -> None:
        from limits.errors import ConfigurationError
        from limits.storage import storage_from_string
        from limits.strategies import MovingWindowRateLimiter

        scheme = uri.partition("://")[0]
        if scheme not in ("memory", "redis", "rediss", "redis+unix"):
            raise UsageError(
                f"{scheme[:20]!a} is not a supported rate storage; expected memory, redis or rediss."
            )
        options = (
            {} if scheme == "memory" else {"socket_timeout": _SECONDS, "socket_connect_timeout": _SECONDS}
        )
        try:
            storage = storage_from_string(uri, **options)
            alive = storage.check()
        except (ConfigurationError, ValueError, OSError) as error:
            raise UsageError(f"The rate storage cannot be used: {type(error).__name__}.") from None
        if not alive:
            raise UsageError(f"The rate storage ({scheme}) does not respond.")
        self._limiter = MovingWindowRateLimiter(storage)

    def take(self, name: str, rate: Rate) -> float:
        """Count a request.

        Args:
            name: the name of the client that is counted.
            rate: the maximum number of requests in a period.

        Returns:
            0 if the request is within the rate, otherwise the seconds until the next one is.

        Raises:
            CountersUnavailable: the storage does not respond.
        """
        from limits import RateLimitItemPerSecond

        item = RateLimitItemPerSecond(rate.requests, int(rate.seconds))
        try:
            if self._limiter.hit(item, name):
                return 0.0
            ends = float(self._limiter.get_window_stats(item, name).reset_time)
            return max(0.001, ends - time.time())
        except Exception as error:  # exceptions of a client library that may not be installed
            _LOG.error("the counters of the rate limits cannot be reached: %s", type(error).__name__)
            raise CountersUnavailable from None
