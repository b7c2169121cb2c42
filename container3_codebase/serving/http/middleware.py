"""The outermost middleware: request IDs, load shedding, errors, metrics and logs."""

from __future__ import annotations

import itertools
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access_control.errors import AccessDenied
from access_control.gate import AccessGate
from serving.errors import Denied, OutOfMemory, Overloaded, RequestError
from serving.http.responses import JsonResponse, error_response
from serving.http.whole_response import send_whole
from serving.metrics import Metrics
from serving.resources import Resources

Handler = Callable[[Request], Awaitable[Response]]
_LOG = logging.getLogger("serving.requests")
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_REQUEST_ID = re.compile(rb"[\w.:-]{1,64}")


class InternalError(RequestError):
    """An internal error of the server; its traceback is in the log, not in the response."""

    http_status = 500
    code = "internal_error"


class _Exchange:
    """A request that is being processed.

    Args:
        send: the ASGI send function.
        request_id: the ID of the request.

    Attributes:
        status: the status of the response; 0 until it starts.
        request_id: the ID of the request.
    """

    __slots__ = ("_send", "request_id", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        """Send a message, with the headers that all responses have."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            header = (b"x-request-id", self.request_id.encode("ascii"))
            message["headers"] = [*message["headers"], header, _NO_SNIFFING]
        await self._send(message)

    def send_whole(self, response: Response) -> bool:
        """Send a small response in one step if possible; return whether it was sent."""
        if not isinstance(response, JsonResponse) or not send_whole(
            self._send, response, self.request_id.encode("ascii")
        ):
            return False
        self.status = response.status_code
        return True


class RequestMiddleware:
    """Middleware for every request.

    Args:
        app: the routes.
        direct: returns the route and the handler for a method and path that bypass the routing of ``app``.
        always: paths that are served under any load.
        resources: the resources that requests share.
        metrics: the metrics to update.
        gate: the access control.
    """

    def __init__(
        self,
        app: ASGIApp,
        direct: Callable[[str, str], tuple[str, Handler] | None],
        always: frozenset[str],
        resources: Resources,
        metrics: Metrics,
        gate: AccessGate,
    ) -> None:
        self._app = app
        self._direct = direct
        self._always = always
        self._resources = resources
        self._limit = resources.limits.in_flight
        self._metrics = metrics
        self._gate = gate
        self._prefix = os.urandom(6).hex()
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        exchange = _Exchange(send, self._request_id(scope))
        request_id = scope["request_id"] = exchange.request_id
        metrics = self._metrics
        metrics.in_flight += 1
        resources = self._resources.of_request(scope)
        try:
            await self._answer(scope, receive, exchange)
        except RequestError as error:
            metrics.count_error(error.code)
            if not exchange.status:
                await error_response(error, request_id)(scope, receive, exchange.send)
        except MemoryError:
            metrics.count_error(OutOfMemory.code)
            _LOG.error("out of memory", extra={"request_id": request_id})
            if exchange.status:
                raise
            refusal = OutOfMemory("There is not enough memory for this request.")
            await error_response(refusal, request_id)(scope, receive, exchange.send)
        except Exception:
            metrics.count_error("internal_error")
            _LOG.exception("internal error", extra={"request_id": request_id})
            if exchange.status:
                raise
            await error_response(InternalError("Internal error."), request_id)(scope, receive, exchange.send)
        finally:
            resources.release()
            metrics.in_flight -= 1
            self._finish(scope, exchange.status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, exchange: _Exchange) -> None:
        path = scope["path"]
        found = self._direct(scope["method"], path)
        if found is not None:
            scope["direct_route"] = found[0]
        if self._metrics.in_flight > self._limit and path not in self._always:
            raise Overloaded(
                f"The server has reached its limit of {self._limit} requests in flight; try again."
            )
        self._admit(scope)
        if found is None:
            await self._app(scope, receive, exchange.send)
            return
        response = await found[1](Request(scope, receive))
        if not exchange.send_whole(response):
            await response(scope, receive, exchange.send)

    def _admit(self, scope: Scope) -> None:
        """Refuse a request that access control does not allow."""
        client = scope["client"]
        try:
            key = self._gate.admit(
                scope["method"],
                scope["path"],
                scope["headers"],
                client[0] if client else "",
                scope["http_version"],
            )
        except AccessDenied as error:
            scope["key"] = error.key
            raise Denied(error) from None
        scope["key"] = "" if key is None else key.id
        scope["sees_models"] = self._gate.keys is None or (key is not None and "models" in key.scopes)

    def _request_id(self, scope: Scope) -> str:
        """Return the client's request ID if it is valid, otherwise a new one."""
        for name, value in scope["headers"]:
            if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
                return str(value, "ascii")
        return f"{self._prefix}-{next(self._numbers)}"

    def _finish(self, scope: Scope, status: int, seconds: float) -> None:
        path = str(scope.get("direct_route") or getattr(scope.get("route"), "path", "other"))
        self._metrics.count_request(path, status, seconds)
        if status >= 400 or _LOG.isEnabledFor(logging.DEBUG):
            values = {
                "request_id": scope["request_id"],
                "method": scope["method"],
                "path": scope["path"][:200],
                "status": status,
                "seconds": round(seconds, 6),
            }
            _LOG.log(logging.INFO if status >= 400 else logging.DEBUG, "request", extra=values)
