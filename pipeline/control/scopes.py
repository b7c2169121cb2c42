"""Which scope of an API key a request needs."""

from __future__ import annotations

BUNDLE = "/api/v1/compose/bundle"
API = "/api/"
_OPEN = frozenset(
    {"/", "/health", "/version", "/docs", "/docs/reference.css", "/docs/reference.js", "/openapi.json"}
)


def scope_of(method: str, path: str) -> str | None:
    """Return the scope that a request needs; None where it needs no key: health and documentation."""
    if path in _OPEN:
        return None
    return "compose:bundle" if path == BUNDLE else "compose:generate"
