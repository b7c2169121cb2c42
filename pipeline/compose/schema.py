"""The JSON schema of a request, with an example."""

from __future__ import annotations

from pipeline.compose.example import EXAMPLE
from pipeline.compose.request import ComposeRequest
from pipeline.compose.request.refused import REFUSED_KEYS


def request_schema() -> dict[str, object]:
    """Return the JSON schema of a request, with an example and the refused keys."""
    schema: dict[str, object] = ComposeRequest.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["examples"] = [EXAMPLE]
    definitions = schema["$defs"]
    if isinstance(definitions, dict):
        properties = definitions["Container"]["properties"]
        for name, (reason, hint) in sorted(REFUSED_KEYS.items()):
            text = f"Refused: {name} {reason}. {hint}".strip()
            properties.setdefault(name, {"not": {}, "description": text})
    return schema
