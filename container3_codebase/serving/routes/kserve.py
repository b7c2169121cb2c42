"""KServe's protocol v1."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from serving.http.responses import JsonResponse, json_response
from serving.inference import Inference
from serving.models.served_model import Array, ServedModel
from serving.requests.body import content_type, read_body
from serving.requests.diagnosis import diagnose
from serving.requests.instances import large_rows, rows_of
from serving.requests.prediction_request import INSTANCES, INSTANCES_REST, InstancesRequest
from serving.requests.responses import plain_predictions
from serving.routes.content import check_json
from serving.routes.documents import ERRORS, json_body


def router(inference: Inference) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["KServe v1"])

    @routes.get("/v1/models", summary="List the models")
    async def models() -> Response:
        return json_response({"models": list(inference.catalog.snapshot.models)})

    extra = {"requestBody": json_body(InstancesRequest, {"instances": [[5.1, 3.5, 1.4, 0.2]]})}

    @routes.post("/v1/models/{model}:predict", summary="Predict rows", openapi_extra=extra, responses=ERRORS)
    async def predict(model: str, request: Request) -> Response:
        return await predict_rows(inference, request, model)

    @routes.get("/v1/models/{model}", summary="Whether a model is loaded", responses={404: ERRORS[404]})
    async def ready(model: str) -> Response:
        return json_response({"name": inference.catalog.snapshot.find(model).name, "ready": True})

    return routes


async def predict_rows(inference: Inference, request: Request, name: str) -> Response:
    """Process a prediction request of KServe v1.

    Args:
        inference: the models, limits and threads.
        request: the request.
        name: the name of the model.

    Raises:
        RequestError: the request is not valid or cannot be processed.
    """
    check_json(content_type(request))
    limits = inference.limits
    model = inference.catalog.snapshot.find(name)
    body = await read_body(request, limit=limits.body, seconds=limits.body_seconds)

    def parse(body: bytes) -> tuple[ServedModel, Array, str]:
        large = large_rows(body, INSTANCES_REST, lambda rest: model, most=limits.rows)
        if large is not None:
            return model, large[2], "float64"
        try:
            instances = INSTANCES.decode(body).instances
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise diagnose(body, model.names, ("instances",), str(error)) from None
        return model, rows_of(instances, model.names, most=limits.rows), "float64"

    answer = await inference.answer(request, body, parse, lambda _, outputs: plain_predictions(outputs))
    return JsonResponse(answer)
