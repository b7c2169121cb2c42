"""The objects that the workers of a server share, created before the workers are forked."""

from __future__ import annotations

from typing import NamedTuple

from access_control.key_store import KeyStore
from access_control.rate_limiter import RateLimiter
from serving.series import SharedSeries
from serving.settings import Settings


class Shared(NamedTuple):
    """The objects that the workers share.

    Attributes:
        series: the metrics: a page for each worker, and one for the supervisor.
        keys: the API keys; None if requests need none.
        limiter: the rate limiter for keys and client addresses.
    """

    series: SharedSeries
    keys: KeyStore | None
    limiter: RateLimiter


def create_shared(settings: Settings) -> Shared:
    """Create the objects that the workers of a server share.

    Raises:
        InputMissing: the key file cannot be read.
        KeyFileError: the key file is not valid.
    """
    return Shared(
        SharedSeries(settings.workers + 1),
        None if settings.keys is None else KeyStore(settings.keys),
        RateLimiter(shared=settings.workers > 1),
    )
