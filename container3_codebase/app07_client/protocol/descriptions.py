"""Plans for model descriptions and the readiness of the server."""

from __future__ import annotations

from app07_client.protocol.address import segment
from app07_client.protocol.exchange import Exchange, Plan, Request
from app07_client.protocol.json_bodies import Members, members
from app07_client.results import Column, ModelDescription, ModelIdentity, ModelSummary


def models(exchange: Exchange) -> Plan[list[ModelSummary]]:
    """List the models."""
    response = yield from exchange.send(Request("GET", "/models"))
    content = members(response)
    default = content.get("default", str) if "default" in content else ""
    return [
        ModelSummary(
            each.get("name", str),
            each.texts("versions"),
            each.get("inputs", int),
            each.get("outputs", int),
            each.get("sha256", str),
            each.get("name", str) == default,
        )
        for each in content.objects("models")
    ]


def model(exchange: Exchange, name: str) -> Plan[ModelDescription]:
    """Describe a model.

    Args:
        exchange: the exchange that sends the request.
        name: the name of the model.
    """
    response = yield from exchange.send(Request("GET", f"/models/{segment(name)}"))
    content = members(response)
    return ModelDescription(
        identity=identity(content),
        title=content.get("title", str),
        description=content.get("description", str),
        network=content.get("network", str),
        recurrent=content.get("recurrent", bool),
        parameters=content.get("parameters", int),
        inputs=[Column(each.get("name", str), each.get("unit", str)) for each in content.objects("inputs")],
        outputs=[Column(each.get("name", str)) for each in content.objects("outputs")],
        classes=content.texts("classes"),
        versions=[
            ModelIdentity(content.get("name", str), each.get("version", str), each.get("sha256", str))
            for each in content.objects("versions")
        ],
    )


def ready(exchange: Exchange) -> Plan[bool]:
    """Return whether the server responds and its default model is loaded."""
    response = yield from exchange.send(Request("GET", "/readyz"), accepted=(200, 503))
    return response.status == 200


def identity(content: Members) -> ModelIdentity:
    """Return the name, version and SHA-256 from a JSON object."""
    return ModelIdentity(content.get("name", str), content.get("version", str), content.get("sha256", str))
