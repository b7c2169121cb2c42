"""Access control in the OpenAPI document: API keys, scopes, and the responses of refused requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serving.routes.scopes import scope_of

_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer KEY"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_WITHOUT_KEYS = {
    "403": "The request was sent by a web page of another origin",
    "421": "The Host header is not a name of this server",
    "429": "Too many requests; retry after the time in retry-after",
}
_WITH_KEYS = {
    "401": "The API key is missing, unknown, revoked or expired",
    "403": "The API key does not have the scope {scope}",
    "429": "Too many requests with this API key; retry after the time in retry-after",
}
_METHODS = ("get", "post", "delete")


def document_access(
    document: dict[str, Any], *, needs_keys: bool, scopes: Callable[[str, str], str | None] = scope_of
) -> None:
    """Add security schemes and the statuses of refused requests to an OpenAPI document.

    Args:
        document: the document, modified in place.
        needs_keys: whether clients need API keys.
        scopes: returns the scope that a method and path need.
    """
    if needs_keys:
        document["components"]["securitySchemes"] = _SCHEMES
        document["security"] = [{name: []} for name in _SCHEMES]
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if operation := operations.get(method):
                _document(operation, scopes(method.upper(), path), needs_keys=needs_keys)


def _document(operation: dict[str, Any], scope: str | None, *, needs_keys: bool) -> None:
    statuses = dict(_WITHOUT_KEYS)
    if needs_keys and scope is None:
        operation["security"] = []
        return
    if needs_keys:
        statuses = {status: text.format(scope=scope) for status, text in _WITH_KEYS.items()}
    for status, text in statuses.items():
        operation["responses"].setdefault(status, {"description": text, "content": _ERROR})


_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
