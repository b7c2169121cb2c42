"""`/invocations` and `/ping`, as MLflow and SageMaker call them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from serving.http.responses import JsonResponse, json_response
from serving.inference import Inference
from serving.models.served_model import Array, ServedModel
from serving.requests.body import content_type, read_body
from serving.requests.invocations import InvocationsRequest, rows_of_csv, rows_of_json
from serving.requests.responses import plain_predictions
from serving.routes.content import check_json
from serving.routes.documents import ERRORS, json_body
from serving.routes.health import is_ready

_EXAMPLE = {"instances": [[5.1, 3.5, 1.4, 0.2]]}


def router(inference: Inference) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["MLflow and SageMaker"])

    @routes.get("/ping", summary="Whether the default model is loaded", responses={503: {}})
    async def ping() -> Response:
        found = is_ready(inference)
        return json_response({"ready": found}, 200 if found else 503)

    extra = {"requestBody": json_body(InvocationsRequest, _EXAMPLE)}

    @routes.post(
        "/endpoints/{model}/invocations",
        summary="Predict rows with a named model, as called by mlflow.deployments",
        openapi_extra=extra,
        responses=ERRORS,
    )
    async def endpoint(model: str, request: Request) -> Response:
        return await invoke(inference, request, model)

    @routes.post("/invocations", summary="Predict rows", openapi_extra=extra, responses=ERRORS)
    async def invocations(request: Request) -> Response:
        return await invoke(inference, request)

    return routes


async def invoke(inference: Inference, request: Request, name: str | None = None) -> Response:
    """Process a request to /invocations.

    Args:
        inference: the models, limits and threads.
        request: the request.
        name: the name of the model; None for the default model.

    Raises:
        RequestError: the request is not valid or cannot be processed.
    """
    kind = content_type(request)
    check_json(kind, also=("text/csv",))
    limits = inference.limits
    model = inference.catalog.snapshot.find(name)
    body = await read_body(request, limit=limits.body, seconds=limits.body_seconds)
    read = rows_of_csv if kind == "text/csv" else rows_of_json

    def parse(body: bytes) -> tuple[ServedModel, Array, str]:
        return model, read(body, model, most=limits.rows), "float64"

    fast = kind != "text/csv"
    answer = await inference.answer(
        request, body, parse, lambda _, outputs: plain_predictions(outputs), fast=fast
    )
    return JsonResponse(answer)
