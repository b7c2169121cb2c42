"""The routes that are asked most: the middleware calls them without the routing of FastAPI, which takes 0.1 ms."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

Handler = Callable[[Request], Awaitable[Response]]
ModelHandler = Callable[[Request, str], Awaitable[Response]]


class DirectRoutes:
    """The routes, all of them POST; FastAPI has them, too, for the OpenAPI document.

    Args:
        handlers: the handlers by path.
        of_models: handlers that also take the name of a model, by paths with `{model}`.
    """

    def __init__(self, handlers: Mapping[str, Handler], of_models: Mapping[str, ModelHandler]) -> None:
        self._handlers = handlers
        self._of_models = [(_pattern(path), path, handler) for path, handler in of_models.items()]

    def find(self, method: str, path: str) -> tuple[str, Handler] | None:
        """Return the path of the route, as metrics name it, and its handler; None for another route.

        Args:
            method: the method of the request.
            path: its path.
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
