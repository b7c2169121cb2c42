"""The ASGI application: the routes and the middleware."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from access_control.gate import AccessGate, Limiter
from pipeline.control.audit import AuditLog, AuditMiddleware, details_of
from pipeline.control.bundling import BundleMaker
from pipeline.control.errors import Refused
from pipeline.control.generation import Generation
from pipeline.control.routes import bundle, compose, health
from pipeline.control.routes.documents import request_schemas
from pipeline.control.scopes import scope_of
from pipeline.control.settings import ControlSettings
from pybrain_runtime._version import __version__
from serving.errors import RequestError
from serving.http.middleware import Handler, InternalError, RequestMiddleware
from serving.http.responses import error_response, json_response
from serving.metrics import Metrics
from serving.resources import Resources
from serving.routes import reference
from serving.routes.access_documents import document_access
from serving.series import SharedSeries

_ALWAYS = frozenset({"/health"})
_CODES = {404: "unknown_path", 405: "method_not_allowed"}


class DocumentedApi(FastAPI):
    """The routes, with an OpenAPI document that describes the access to them.

    Attributes:
        needs_keys: whether clients need API keys.
    """

    needs_keys = False

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            document = super().openapi()
            document["components"]["schemas"].update(request_schemas())
            document_access(document, needs_keys=self.needs_keys, scopes=scope_of)
        assert self.openapi_schema is not None
        return self.openapi_schema


def create_application(settings: ControlSettings, gate: AccessGate, limiter: Limiter) -> ASGIApp:
    """Return the application.

    Args:
        settings: the settings.
        gate: decides whether a request is allowed.
        limiter: counts the bundles of each key or address.
    """
    app = DocumentedApi(
        title="App07 control",
        description="Generates compose files from requests, and bundles with everything that they need.",
        version=__version__,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.needs_keys = gate.keys is not None
    generation = Generation(settings)
    app.include_router(health.router())
    app.include_router(compose.router(generation))
    app.include_router(bundle.router(generation, BundleMaker(settings), limiter, settings))
    app.include_router(reference.router())

    @app.exception_handler(RequestError)
    async def refuse(request: Request, error: RequestError) -> Response:
        request_id = request.scope["request_id"]
        if isinstance(error, Refused):
            details_of(request.scope)["problems"] = [each.path for each in error.problems]
            return json_response(error.as_json(request_id), error.http_status)
        return error_response(error, request_id)

    @app.exception_handler(HTTPException)
    async def refuse_path(request: Request, error: HTTPException) -> Response:
        code = _CODES.get(error.status_code, "bad_request")
        body = {"error": error.detail, "code": code, "request_id": request.scope["request_id"]}
        response = json_response(body, error.status_code)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def fail(request: Request, error: Exception) -> Response:
        """Respond without a traceback, which the server logs."""
        return error_response(InternalError("Internal error."), request.scope["request_id"])

    resources = Resources(settings.limits)
    guarded = RequestMiddleware(app, _no_direct_route, _ALWAYS, resources, Metrics(SharedSeries()), gate)
    return guarded if settings.audit is None else AuditMiddleware(guarded, AuditLog(settings.audit))


def _no_direct_route(method: str, path: str) -> tuple[str, Handler] | None:
    return None
