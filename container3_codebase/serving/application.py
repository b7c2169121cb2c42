"""The ASGI application: models, routes and middleware."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from access_control.gate import AccessGate
from pybrain_runtime._version import __version__
from serving.cgroup import ControlGroup
from serving.errors import RequestError
from serving.http.cors import with_cors
from serving.http.middleware import RequestMiddleware
from serving.http.responses import error_response, json_response
from serving.images.pictures import Pictures
from serving.inference import Inference
from serving.metrics import Metrics
from serving.models.catalog import Catalog
from serving.resources import Resources
from serving.routes import (
    health,
    images,
    inference_protocol,
    invocations,
    kserve,
    models,
    page,
    predict,
    reference,
    sessions,
)
from serving.routes.direct import DirectRoutes
from serving.routes.document import DocumentedRoutes
from serving.sessions.store import SessionStore
from serving.settings import Settings


def create_application(settings: Settings, catalog: Catalog, metrics: Metrics, gate: AccessGate) -> ASGIApp:
    """Create the ASGI application.

    Args:
        settings: the server's settings.
        catalog: the models; the caller starts the catalog.
        metrics: the metrics to update.
        gate: the access control.
    """
    inference = Inference(catalog, settings.limits, metrics)
    handler = predict.Predict(inference)
    app = _documented_routes(settings, catalog, gate, inference, handler)
    _add_error_handlers(app, metrics)
    direct = DirectRoutes(
        {"/predict": handler, "/invocations": partial(invocations.invoke, inference)},
        {
            "/v2/models/{model}/infer": partial(inference_protocol.infer_rows, inference),
            "/v1/models/{model}:predict": partial(kserve.predict_rows, inference),
        },
    )
    guarded = RequestMiddleware(app, direct.find, health.ALWAYS, Resources(settings.limits), metrics, gate)
    return with_cors(guarded, settings.origins) if settings.origins else guarded


def _documented_routes(
    settings: Settings, catalog: Catalog, gate: AccessGate, inference: Inference, handler: predict.Predict
) -> DocumentedRoutes:
    """Return the application with all routes; its end closes what they compute with."""
    pictures = Pictures(settings.limits)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        inference.close()
        pictures.close()

    app = DocumentedRoutes(
        title="App07",
        description="Predictions from PyBrain networks.",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.catalog, app.needs_keys = catalog, gate.keys is not None
    app.add_document()
    app.include_router(page.router())
    app.include_router(predict.router(handler))
    app.include_router(images.router(inference, pictures))
    app.include_router(sessions.router(inference, SessionStore(settings.sessions)))
    app.include_router(models.router(inference))
    group = ControlGroup() if settings.in_container else None
    app.include_router(health.router(inference, gate.keys, group))
    app.include_router(inference_protocol.router(inference))
    app.include_router(kserve.router(inference))
    app.include_router(invocations.router(inference))
    app.include_router(reference.router())
    return app


def _add_error_handlers(app: DocumentedRoutes, metrics: Metrics) -> None:
    """Answer and count the requests that are refused, and those to an unknown path or with another method."""

    @app.exception_handler(RequestError)
    async def refuse(request: Request, error: RequestError) -> Response:
        metrics.count_error(error.code)
        return error_response(error, request.scope["request_id"])

    @app.exception_handler(HTTPException)
    async def refuse_path(request: Request, error: HTTPException) -> Response:
        code = {404: "unknown_path", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
        metrics.count_error(code)
        body = {"error": error.detail, "code": code, "request_id": request.scope["request_id"]}
        response = json_response(body, error.status_code)
        response.headers.update(error.headers or {})
        if error.status_code == 405 and (methods := _methods(app.openapi(), request.scope["path"])):
            response.headers["allow"] = ", ".join(methods)
        return response


def _methods(document: dict[str, Any], path: str) -> list[str]:
    """Return all methods of a path in the OpenAPI document; Starlette's response lists only those of one route."""
    for template, operations in document["paths"].items():
        if re.fullmatch(re.sub(r"\\{.*?\\}", "[^/:]+", re.escape(template)), path):
            return sorted(method.upper() for method in operations)
    return []
