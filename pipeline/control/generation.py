"""Generate files from requests in threads, so that a long request does not delay other requests."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread

from pipeline.compose import (
    ComposeRequest,
    Generated,
    Policy,
    Problem,
    RequestRefused,
    generate,
    read_request,
)
from pipeline.control.errors import Refused
from pipeline.control.settings import ControlSettings

_THREADS = 4


class Generation:
    """The generator for the routes.

    Args:
        settings: the settings, with the hosts that URLs may name.
    """

    def __init__(self, settings: ControlSettings) -> None:
        hosts = (host.name if host.port is None else f"{host.name}:{host.port}" for host in settings.named)
        self._policy = Policy(hosts=frozenset(hosts))
        self._threads: CapacityLimiter | None = None

    async def generate(self, body: bytes, target: str, *, for_bundle: bool = False) -> Generated:
        """Return the generated file for a request.

        Args:
            body: the request as JSON.
            target: the target, one of `TARGETS`.
            for_bundle: whether a bundle must be able to contain everything that the file needs.

        Raises:
            Refused: the request has problems.
        """
        if self._threads is None:  # needs a running event loop
            self._threads = CapacityLimiter(_THREADS)
        return await to_thread.run_sync(self._generated, body, target, for_bundle, limiter=self._threads)

    def _generated(self, body: bytes, target: str, for_bundle: bool) -> Generated:
        try:
            request = read_request(body)
            if for_bundle:
                _check_for_bundle(request)
            return generate(request, target=target, policy=self._policy)
        except RequestRefused as error:
            raise Refused.of(error) from None


def _check_for_bundle(request: ComposeRequest) -> None:
    """Refuse to build from folders of the project, because those of this server belong to its administrator.

    Raises:
        RequestRefused: a container is built from such a folder.
    """
    reason = "a bundle cannot build from a folder of the project"
    hint = "Use sources and packages instead: the bundle then contains a Dockerfile for them."
    problems = [
        Problem(f"containers[{index}].build_context", reason, hint)
        for index, container in enumerate(request.containers)
        if container.build_context is not None
    ]
    if problems:
        raise RequestRefused(problems)
