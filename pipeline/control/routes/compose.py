"""The routes `/api/v1/compose/`: generate a file, validate a request, and return its schema."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from pipeline.bundles.bundle import TEXT_NAMES
from pipeline.compose import Generated, request_schema
from pipeline.control.audit import details_of
from pipeline.control.generation import Generation
from pipeline.control.requests import JSON, YAML, read_json_body, response_type, target_of
from pipeline.control.routes.documents import (
    GENERATE_RESPONSES,
    SCHEMA_RESPONSES,
    TARGET_PARAMETER,
    VALIDATE_RESPONSES,
    request_body,
)
from serving.http.responses import json_response


def router(generation: Generation) -> APIRouter:
    """Return the routes.

    Args:
        generation: the generator.
    """
    routes = APIRouter(prefix="/api/v1/compose", tags=["compose"])
    described = {"parameters": [TARGET_PARAMETER], "requestBody": request_body()}
    schema = json_response(request_schema()).body

    @routes.post(
        "/generate",
        summary="Generate a file for Docker Compose, Docker Swarm or Kubernetes",
        responses=GENERATE_RESPONSES,
        openapi_extra=described,
    )
    async def generate(request: Request) -> Response:
        kind = response_type(request, (JSON, YAML))
        generated = await _generated(generation, request)
        if kind == YAML:
            name = TEXT_NAMES[generated.target]
            headers = {
                "content-disposition": f'attachment; filename="{name}"',
                "x-app07-warnings": str(len(generated.warnings)),
            }
            return Response(generated.text, headers=headers, media_type=YAML)
        return json_response(_as_json(generated))

    @routes.post(
        "/validate",
        summary="Validate a request without returning the generated file",
        responses=VALIDATE_RESPONSES,
        openapi_extra=described,
    )
    async def validate(request: Request) -> Response:
        response_type(request, (JSON,))
        generated = await _generated(generation, request)
        return json_response({"valid": True, "target": generated.target, "warnings": _warnings(generated)})

    @routes.get("/schema", summary="The JSON schema of a request", responses=SCHEMA_RESPONSES)
    async def document() -> Response:
        return Response(schema, media_type="application/schema+json")

    return routes


async def _generated(generation: Generation, request: Request) -> Generated:
    target = target_of(request)
    generated = await generation.generate(await read_json_body(request), target)
    details_of(request.scope)["warnings"] = len(generated.warnings)
    return generated


def _warnings(generated: Generated) -> list[dict[str, str]]:
    return [{"path": each.path, "message": each.message} for each in generated.warnings]


def _as_json(generated: Generated) -> dict[str, object]:
    files = [
        {"path": each.path, "kind": each.kind, "source": each.source, "sha256": each.sha256}
        for each in generated.files
    ]
    return {
        "target": generated.target,
        "text": generated.text,
        "warnings": _warnings(generated),
        "files": files,
    }
