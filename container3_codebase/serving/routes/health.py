"""Health, version and metrics."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from access_control.key_store import KeyStore
from pybrain_runtime._version import __version__
from serving.cgroup import ControlGroup, metrics_text
from serving.http.responses import json_response
from serving.inference import Inference

ALWAYS = frozenset(
    {"/health", "/livez", "/readyz", "/ping", "/metrics", "/v2/health/live", "/v2/health/ready"}
)
"""The paths that are served under any load."""


def is_ready(inference: Inference) -> bool:
    """Return whether the default model is loaded and has passed its self-test."""
    snapshot = inference.catalog.snapshot
    return snapshot.default in snapshot.models


def router(inference: Inference, keys: KeyStore | None, group: ControlGroup | None = None) -> APIRouter:
    """Return the routes.

    Args:
        inference: the models.
        keys: the API keys; None if requests need none.
        group: the control group of the server's container; None without one.
    """
    routes = APIRouter(tags=["health"])

    @routes.get("/health", summary="Whether the process responds")
    @routes.get("/livez", summary="Whether the process responds")
    async def live() -> Response:
        return json_response({"status": "live"})

    @routes.get("/readyz", summary="Whether the default model is loaded", responses={503: {}})
    async def ready(request: Request) -> Response:
        snapshot = inference.catalog.snapshot
        ready = is_ready(inference)
        content: dict[str, object] = {
            "status": "ready" if ready else "not ready",
            "models": {name: versions[-1].version for name, versions in snapshot.models.items()},
            "problems": {path.rpartition("/")[2]: message for path, message in snapshot.problems.items()},
        }
        if keys is not None and keys.problem:
            content["keys"] = keys.problem
        if not request.scope["sees_models"]:
            content = {"status": content["status"]}
        return json_response(content, 200 if ready else 503)

    @routes.get("/version", summary="The version of the server")
    async def version() -> Response:
        return json_response({"name": "app07", "version": __version__})

    @routes.get(
        "/metrics", summary="Metrics in the text format of Prometheus", response_class=PlainTextResponse
    )
    async def metrics() -> Response:
        text = inference.metrics.text(inference.catalog.snapshot)
        if group is not None:
            text += metrics_text(group)
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    return routes
