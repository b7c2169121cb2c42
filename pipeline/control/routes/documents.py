"""The bodies of requests and responses in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from pipeline.compose import TARGETS, request_schema

_COMPONENTS = "#/components/schemas/"
REQUEST = "ComposeRequest"


class HealthBody(BaseModel):
    """The process responds."""

    status: Literal["live"]


class VersionBody(BaseModel):
    """The version of the server."""

    name: str
    version: str


class WarningBody(BaseModel):
    """A setting of the request that the generated file does not reproduce."""

    path: str
    message: str


class FileBody(BaseModel):
    """A file that the generated file expects beside it."""

    path: str
    kind: str
    source: str
    sha256: str


class GeneratedBody(BaseModel):
    """A generated file."""

    target: str
    text: str
    warnings: list[WarningBody]
    files: list[FileBody]


class ValidBody(BaseModel):
    """A valid request."""

    valid: Literal[True]
    target: str
    warnings: list[WarningBody]


class ProblemBody(BaseModel):
    """One reason why a request is refused."""

    path: str
    reason: str
    hint: str


class ErrorBody(BaseModel):
    """An error."""

    model_config = ConfigDict(extra="allow")

    error: str
    code: str
    request_id: str


class ProblemsBody(ErrorBody):
    """The problems of a refused request: at most 20, and the number of all."""

    problems: list[ProblemBody]
    count: int


_EXAMPLE_PROBLEMS = {
    "error": "The request is refused.",
    "code": "refused",
    "problems": [
        {
            "path": "containers[0].privileged",
            "reason": "a privileged container has full access to the host",
            "hint": "Remove it.",
        }
    ],
    "count": 1,
    "request_id": "5f3a-1",
}
TARGET_PARAMETER: dict[str, Any] = {
    "name": "target",
    "in": "query",
    "required": False,
    "description": f"The target of the generated file: {', '.join(TARGETS)}",
    "schema": {"type": "string", "enum": list(TARGETS), "default": "compose"},
}
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": text}
    for status, text in (
        (400, "The connection was closed before the body was complete"),
        (406, "None of the accepted content types can be returned"),
        (408, "The body was not complete in time"),
        (413, "The body has too many bytes"),
        (415, "The body is not application/json, or it is compressed"),
        (503, "Too many requests are in flight; retry-after states when to retry"),
    )
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    422: {
        "model": ProblemsBody,
        "description": "The request is refused; the problems state the reasons, with their paths in the request",
        "content": {"application/json": {"example": _EXAMPLE_PROBLEMS}},
    }
}
GENERATE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": GeneratedBody, "content": {"application/yaml": {"schema": {"type": "string"}}}},
    **_ERRORS,
    **_REFUSED,
}
VALIDATE_RESPONSES: dict[int | str, dict[str, Any]] = {200: {"model": ValidBody}, **_ERRORS, **_REFUSED}
BUNDLE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bundle",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    },
    **_ERRORS,
    **_REFUSED,
}
SCHEMA_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The schema",
        "content": {"application/schema+json": {"schema": {"type": "object"}}},
    }
}


def request_body() -> dict[str, Any]:
    """Return the OpenAPI description of the request body, with an example."""
    examples = request_schema().get("examples")
    media: dict[str, Any] = {"schema": {"$ref": f"{_COMPONENTS}{REQUEST}"}}
    if isinstance(examples, list) and examples:
        media["example"] = examples[0]
    return {"required": True, "content": {"application/json": media}}


def request_schemas() -> dict[str, Any]:
    """Return the schema of a request and the schemas that it references, as components of an OpenAPI document."""
    schema = _moved(request_schema())
    assert isinstance(schema, dict)
    parts = schema.pop("$defs", {})
    for name in ("$schema", "$id"):
        schema.pop(name, None)
    return {**{f"{REQUEST}.{name}": part for name, part in parts.items()}, REQUEST: schema}


def _moved(value: object) -> object:
    """Return a schema with references to the components of an OpenAPI document."""
    if isinstance(value, dict):
        return {
            key: each.replace("#/$defs/", f"{_COMPONENTS}{REQUEST}.")
            if key == "$ref" and isinstance(each, str)
            else _moved(each)
            for key, each in value.items()
        }
    return [_moved(each) for each in value] if isinstance(value, list) else value
