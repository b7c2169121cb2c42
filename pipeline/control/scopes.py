"""The scopes of API keys that requests need."""

from __future__ import annotations

BUNDLE = "/api/v1/compose/bundle"
API = "/api/"
_OPEN = frozenset(
    {"/", "/health", "/version", "/docs", "/docs/reference.css", "/docs/reference.js", "/openapi.json"}
)


def scope_of(method: str, path: str) -> str | None:
    """Return the scope that a request needs; None if it needs no key, as for health and documentation.

    Args:
        method: the HTTP method; every method of a path needs the same scope.
        path: the path of the request.
    """
    if path in _OPEN:
        return None
    return "compose:bundle" if path == BUNDLE else "compose:generate"
