"""`/models` and `/models/{model}`: the served models."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from serving.http.responses import json_response
from serving.inference import Inference
from serving.models.served_model import ServedModel
from serving.routes.documents import ERRORS


def router(inference: Inference) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["models"])

    @routes.get("/models", summary="List the models")
    async def models() -> Response:
        snapshot = inference.catalog.snapshot
        listed = [
            {
                "name": name,
                "versions": [model.version for model in versions],
                "inputs": versions[-1].knowledge.indim,
                "outputs": versions[-1].knowledge.outdim,
                "sha256": versions[-1].knowledge.sha256,
                "image": versions[-1].image is not None,
            }
            for name, versions in snapshot.models.items()
        ]
        return json_response({"models": listed, "default": snapshot.default})

    @routes.get("/models/{model}", summary="Describe a model", responses={404: ERRORS[404]})
    async def model(model: str) -> Response:
        snapshot = inference.catalog.snapshot
        found = snapshot.find(model)
        versions = [
            {"version": each.version, "sha256": each.knowledge.sha256} for each in snapshot.models[model]
        ]
        return json_response({**described(found), "versions": versions})

    return routes


def described(model: ServedModel) -> dict[str, Any]:
    """Return the description of a model: network, shapes, names and classes."""
    knowledge, card = model.knowledge, model.knowledge.card
    units = [column.unit for column in card.inputs] if card else [""] * knowledge.indim
    return {
        "name": model.name,
        "version": model.version,
        "sha256": knowledge.sha256,
        "title": card.name if card else "",
        "description": card.description if card else "",
        "network": knowledge.kind,
        "recurrent": knowledge.network.recurrent,
        "parameters": knowledge.parameter_count,
        "input_shape": [-1, knowledge.indim],
        "output_shape": [-1, knowledge.outdim],
        "inputs": [
            {"name": name, "unit": unit} for name, unit in zip(knowledge.input_names, units, strict=True)
        ],
        "outputs": [{"name": name} for name in knowledge.output_names],
        "classes": knowledge.labels,
        "image": model.image.as_json() if model.image else None,
    }
