"""What the workers of a server share. It is created once, before they are forked."""

from __future__ import annotations

from typing import NamedTuple

from access_control.key_store import KeyStore
from access_control.rate_limiter import RateLimiter
from serving.series import SharedSeries
from serving.settings import Settings


class Shared(NamedTuple):
    """What the workers share.

    Attributes:
        series: the metrics: a page for each worker, and one for the process that supervises them.
        keys: the API keys; None where none are needed.
        limiter: counts the requests of keys and clients.
    """

    series: SharedSeries
    keys: KeyStore | None
    limiter: RateLimiter


def create_shared(settings: Settings) -> Shared:
    """Return what the workers of a server share.

    Raises:
        InputMissing: the key file cannot be read.
        KeyFileError: its content is not valid.
    """
    return Shared(
        SharedSeries(settings.workers + 1),
        None if settings.keys is None else KeyStore(settings.keys),
        RateLimiter(shared=settings.workers > 1),
    )
