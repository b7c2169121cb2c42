"""Cross-origin resource sharing (CORS)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

_SENT = ("authorization", "x-api-key", "x-request-id", "inference-header-content-length")
_READ = ("x-request-id", "retry-after", "www-authenticate", "inference-header-content-length")


def with_cors(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Allow web pages of some origins to use an application, without cookies or other browser credentials.

    Args:
        app: the application.
        origins: the allowed origins.
    """
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "POST", "DELETE"),
        allow_headers=_SENT,
        expose_headers=_READ,
        allow_credentials=False,
    )
