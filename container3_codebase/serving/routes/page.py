"""The page at `/`."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from serving.page.document import read_document


def router() -> APIRouter:
    """Return the route."""
    routes = APIRouter()
    document = read_document()

    @routes.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> Response:
        return Response(document.body, headers=dict(document.headers), media_type="text/html")

    return routes
