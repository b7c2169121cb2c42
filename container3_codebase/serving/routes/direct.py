"""The hottest routes, which the middleware calls without FastAPI's routing, because routing takes 0.1 ms."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

Handler = Callable[[Request], Awaitable[Response]]
ModelHandler = Callable[[Request, str], Awaitable[Response]]


class DirectRoutes:
    """POST routes called without routing; they are also registered in FastAPI for the OpenAPI document.

    Args:
        handlers: the handlers by path.
        of_models: the handlers that also take a model name, by paths with `{model}`.
    """

    def __init__(self, handlers: Mapping[str, Handler], of_models: Mapping[str, ModelHandler]) -> None:
        self._handlers = handlers
        self._of_models = [(_pattern(path), path, handler) for path, handler in of_models.items()]

    def find(self, method: str, path: str) -> tuple[str, Handler] | None:
        """Return the path of the route, as used in metrics, and its handler; None for any other route.

        Args:
            method: the method of the request.
            path: the path of the request.
        """
        if method != "POST":
            return None
        handler = self._handlers.get(path)
        if handler is not None:
            return path, handler
        for pattern, template, of_model in self._of_models:
            if found := pattern.fullmatch(path):
                return template, _for_model(of_model, found[1])
        return None


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(re.escape("{model}"), "([^/]+)"))


def _for_model(handler: ModelHandler, model: str) -> Handler:
    async def handle(request: Request) -> Response:
        return await handler(request, model)

    return handle
