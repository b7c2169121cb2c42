"""The routes that are asked most: the middleware calls them without the routing of FastAPI, which takes 0.1 ms."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

Handler = Callable[[Request], Awaitable[Response]]
_INFER = re.compile(r"/v2/models/([^/]+)/infer")


class DirectRoutes:
    """The routes; FastAPI has them, too, for the OpenAPI document.

    Args:
        predict: the handler of ``POST /predict``.
        infer: the handler of ``POST /v2/models/{model}/infer``, with the name of the model.
    """

    def __init__(self, predict: Handler, infer: Callable[[Request, str], Awaitable[Response]]) -> None:
        self._predict = predict
        self._infer = infer

    def find(self, method: str, path: str) -> tuple[str, Handler] | None:
        """Return the path of the route, as metrics name it, and its handler; None for another route.

        Args:
            method: the method of the request.
            path: its path.
        """
        if method != "POST":
            return None
        if path == "/predict":
            return path, self._predict
        found = _INFER.fullmatch(path)
        if found is None:
            return None
        return "/v2/models/{model}/infer", partial(self._call_infer, found[1])

    async def _call_infer(self, model: str, request: Request) -> Response:
        return await self._infer(request, model)
