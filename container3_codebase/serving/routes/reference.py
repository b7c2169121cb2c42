"""`/docs`: a page that shows the OpenAPI document, built only from files of this package."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

_FOLDER = Path(__file__).parents[1] / "reference"
_FILES = {
    "/docs": ("index.html", "text/html; charset=utf-8"),
    "/docs/reference.css": ("reference.css", "text/css; charset=utf-8"),
    "/docs/reference.js": ("reference.js", "text/javascript; charset=utf-8"),
}
_HEADERS = {
    # Nothing from other origins, no scripts in the page, not shown within other pages.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def router() -> APIRouter:
    """Return the routes."""
    routes = APIRouter(include_in_schema=False)
    for path, (name, kind) in _FILES.items():
        _add(routes, path, (_FOLDER / name).read_bytes(), kind)
    return routes


def _add(routes: APIRouter, path: str, content: bytes, kind: str) -> None:
    async def file() -> Response:
        return Response(content, media_type=kind, headers=_HEADERS)

    routes.add_api_route(path, file, methods=["GET"], name=path)
