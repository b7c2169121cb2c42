"""Generates texts from requests, in threads, so that a long request does not hold up the others."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread

from pipeline.compose import Generated, Policy, RequestRefused, generate, read_request
from pipeline.control.errors import Refused
from pipeline.control.settings import ControlSettings

_THREADS = 4


class Generation:
    """The generator, as the routes use it.

    Args:
        settings: the hosts that URLs may name.
    """

    def __init__(self, settings: ControlSettings) -> None:
        hosts = (host.name if host.port is None else f"{host.name}:{host.port}" for host in settings.named)
        self._policy = Policy(hosts=frozenset(hosts))
        self._threads: CapacityLimiter | None = None

    async def generate(self, body: bytes, target: str) -> Generated:
        """Return the text for a request.

        Args:
            body: the request as JSON.
            target: what runs the text.

        Raises:
            Refused: nothing is generated from the request.
        """
        if self._threads is None:  # needs a running event loop
            self._threads = CapacityLimiter(_THREADS)
        return await to_thread.run_sync(self._generated, body, target, limiter=self._threads)

    def _generated(self, body: bytes, target: str) -> Generated:
        try:
            return generate(read_request(body), target=target, policy=self._policy)
        except RequestRefused as error:
            raise Refused.of(error) from None
