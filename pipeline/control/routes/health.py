"""The routes for health and version."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from pipeline.control.routes.documents import HealthBody, VersionBody
from pybrain_runtime._version import __version__
from serving.http.responses import json_response


def router() -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health", summary="Whether the process responds", responses={200: {"model": HealthBody}})
    async def health() -> Response:
        return json_response({"status": "live"})

    @routes.get("/version", summary="The version of the server", responses={200: {"model": VersionBody}})
    async def version() -> Response:
        return json_response({"name": "app07", "version": __version__})

    @routes.api_route("/", methods=["GET"], include_in_schema=False)
    async def start() -> Response:
        return RedirectResponse("/docs", 303)

    return routes
