"""Pages of other origins that may use the server."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

_SENT = ("authorization", "x-api-key", "x-request-id", "inference-header-content-length")
_READ = ("x-request-id", "retry-after", "www-authenticate", "inference-header-content-length")


def with_cors(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Return an application that pages of some origins may use, without cookies or other credentials of a browser.

    Args:
        app: the application.
        origins: the origins.
    """
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "POST", "DELETE"),
        allow_headers=_SENT,
        expose_headers=_READ,
        allow_credentials=False,
    )
