"""Read the body, the target and the accepted response type of a request."""

from __future__ import annotations

import hashlib

from starlette.requests import Request

from pipeline.compose import TARGETS, Problem
from pipeline.control.audit import details_of
from pipeline.control.errors import Refused
from serving.errors import NotAcceptable, UnsupportedMediaType
from serving.requests.body import content_type, header, read_body
from serving.resources import resources_of

JSON, YAML = "application/json", "application/yaml"
_YAML_NAMES = (YAML, "application/x-yaml", "text/yaml", "text/x-yaml")


async def read_json_body(request: Request) -> bytes:
    """Return the body of a request, whose content type must be JSON.

    Raises:
        UnsupportedMediaType: the body has the wrong type, or is compressed.
        PayloadTooLarge: the body has too many bytes.
        RequestTimedOut: the body was not complete in time.
    """
    found = content_type(request)
    if found != JSON:
        raise UnsupportedMediaType(f"The content type is {found[:60]!a}; send the request as {JSON}.")
    limits = resources_of(request).limits
    body = await read_body(request, limit=limits.body, seconds=limits.body_seconds)
    details_of(request.scope)["sha256"] = hashlib.sha256(body).hexdigest()
    return body


def target_of(request: Request) -> str:
    """Return the target in the query; ``compose`` if there is none.

    Raises:
        Refused: the target is unknown, or appears more than once.
    """
    named = request.query_params.getlist("target") or ["compose"]
    if len(named) > 1 or named[0] not in TARGETS:
        reason = f"{named[-1][:40]!a} is not a target" if len(named) == 1 else "appears more than once"
        raise Refused([Problem("?target", reason, f"Use one of {', '.join(TARGETS)}.")], 1)
    details_of(request.scope)["target"] = named[0]
    return named[0]


def response_type(request: Request, offered: tuple[str, ...]) -> str:
    """Return the content type of the response: the first offered one that the client accepts.

    Args:
        request: the request.
        offered: the types that the route can return; the first one if the client accepts all types.

    Raises:
        NotAcceptable: the client accepts none of the offered types.
    """
    accept = header(request, b"accept")
    parts = [part.partition(";") for part in accept.lower().split(",") if part.strip()]
    accepted = [name.strip() for name, _, weight in parts if weight.replace(" ", "") not in ("q=0", "q=0.0")]
    for name in accepted:
        plain = YAML if name in _YAML_NAMES else name
        if plain in offered:
            return plain
    if not parts or any(name in ("*/*", "application/*") for name in accepted):
        return offered[0]
    raise NotAcceptable(f"Accept is {accept[:60]!a}; this route returns {' or '.join(offered)}.")
