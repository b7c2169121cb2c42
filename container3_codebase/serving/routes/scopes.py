"""The API key scopes that requests need."""

from __future__ import annotations

from serving.routes.health import ALWAYS

_OPEN = ALWAYS - {"/metrics"} | {"/", "/docs", "/openapi.json", "/version"}
_OPEN_FOLDERS = ("/docs/",)


def scope_of(method: str, path: str) -> str | None:
    """Return the scope that a request needs; None for health, documentation and pages, which need no key.

    Args:
        method: the HTTP method.
        path: the path of the route.
    """
    if path in _OPEN or path.startswith(_OPEN_FOLDERS):
        return None
    if path == "/metrics":
        return "metrics"
    if method in ("GET", "HEAD") and not path.startswith("/sessions"):
        return "models"
    return "predict"
