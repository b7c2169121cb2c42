"""The Open Inference Protocol v2, with the extension for binary tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from pybrain_runtime._version import __version__
from serving.errors import RequestError
from serving.http.responses import JsonResponse, json_response
from serving.inference import Inference, checked_precision
from serving.models.served_model import Array, ServedModel
from serving.models.snapshot import Snapshot
from serving.requests.body import content_type, read_body
from serving.requests.foreign_diagnosis import diagnose_tensors
from serving.requests.infer_responses import InferAnswer, answer, output_tensors, wanted_outputs
from serving.requests.tensors import INPUT, InferRequest, read_request, rows_of
from serving.routes.content import check_json
from serving.routes.documents import ERRORS, json_body
from serving.routes.health import is_ready

_EXTENSIONS = ["binary_tensor_data", "model_configuration"]
_TYPES = {"FP64": "TYPE_FP64", "BYTES": "TYPE_STRING"}
_LENGTH = "inference-header-content-length"
_MODEL = "/v2/models/{model}"
_VERSION = "/v2/models/{model}/versions/{version}"


def router(inference: Inference) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["Open Inference Protocol v2"])

    @routes.get("/v2", summary="Metadata of the server")
    async def server() -> Response:
        return json_response({"name": "app07", "version": __version__, "extensions": _EXTENSIONS})

    @routes.get("/v2/health/live", summary="Whether the server responds")
    async def live() -> Response:
        return json_response({"live": True})

    @routes.get("/v2/health/ready", summary="Whether the default model is loaded", responses={503: {}})
    async def ready() -> Response:
        found = is_ready(inference)
        return json_response({"ready": found}, 200 if found else 503)

    @routes.get(_MODEL + "/ready", summary="Whether a model is loaded", responses={404: ERRORS[404]})
    @routes.get(_VERSION + "/ready", summary="Whether a version is loaded", responses={404: ERRORS[404]})
    async def model_ready(model: str, version: str | None = None) -> Response:
        found = inference.catalog.snapshot.find(model, version)
        return json_response({"name": found.name, "ready": True})

    @routes.get(_MODEL, summary="Metadata of a model", responses={404: ERRORS[404]})
    @routes.get(_VERSION, summary="Metadata of a version", responses={404: ERRORS[404]})
    async def model_metadata(model: str, version: str | None = None) -> Response:
        snapshot = inference.catalog.snapshot
        return json_response(_metadata(snapshot, snapshot.find(model, version)))

    @routes.get(_MODEL + "/config", summary="Configuration of a model", responses={404: ERRORS[404]})
    @routes.get(_VERSION + "/config", summary="Configuration of a version", responses={404: ERRORS[404]})
    async def model_config(model: str, version: str | None = None) -> Response:
        snapshot = inference.catalog.snapshot
        return json_response(_config(_metadata(snapshot, snapshot.find(model, version))))

    extra = {"requestBody": json_body(InferRequest, {"inputs": [_EXAMPLE]})}

    @routes.post(_MODEL + "/infer", summary="Infer", openapi_extra=extra, responses=ERRORS)
    @routes.post(_VERSION + "/infer", summary="Infer", openapi_extra=extra, responses=ERRORS)
    async def infer(model: str, request: Request, version: str | None = None) -> Response:
        return await infer_rows(inference, request, model, version)

    return routes


_EXAMPLE = {"name": INPUT, "shape": [1, 4], "datatype": "FP64", "data": [5.1, 3.5, 1.4, 0.2]}


def _metadata(snapshot: Snapshot, model: ServedModel) -> dict[str, object]:
    return {
        "name": model.name,
        "versions": [each.version for each in snapshot.models[model.name]],
        "platform": "app07_pybrain",
        "inputs": [{"name": INPUT, "datatype": "FP64", "shape": [-1, model.knowledge.indim]}],
        "outputs": output_tensors(model),
    }


def _config(metadata: Mapping[str, Any]) -> dict[str, object]:
    """Return the model configuration that Triton's clients read before inference, derived from its metadata."""

    def tensors(kind: str) -> list[dict[str, object]]:
        return [
            {"name": each["name"], "data_type": _TYPES[each["datatype"]], "dims": each["shape"]}
            for each in metadata[kind]
        ]

    return {
        "name": metadata["name"],
        "platform": metadata["platform"],
        "backend": "",
        "max_batch_size": 0,
        "input": tensors("inputs"),
        "output": tensors("outputs"),
    }


async def infer_rows(
    inference: Inference, request: Request, name: str, version: str | None = None
) -> Response:
    """Process an inference request.

    Args:
        inference: the models, limits and threads.
        request: the request.
        name: the name of the model.
        version: the version of the model; None for the newest.

    Raises:
        RequestError: the request is not valid or cannot be processed.
    """
    json_length = request.headers.get(_LENGTH, "")
    if not json_length:
        check_json(content_type(request), also=("application/octet-stream",))
    limits = inference.limits
    model = inference.catalog.snapshot.find(name, version)
    body = await read_body(request, limit=limits.body, seconds=limits.body_seconds)
    found: list[InferRequest] = []

    def parse(body: bytes) -> tuple[ServedModel, Array, str]:
        try:
            read = read_request(body, json_length)
            rows = rows_of(read, model, most=limits.rows)
        except RequestError as error:
            raise error if json_length else diagnose_tensors(body, model.names, error) from None
        parsed = read.request
        found.append(parsed)
        wanted_outputs(parsed, model)
        precision = checked_precision(str(parsed.parameters.get("precision", "float64")))
        return model, rows, precision

    def encode(model: ServedModel, outputs: Array) -> InferAnswer:
        return answer(found[0], model, outputs)

    answered = await inference.answer(request, body, parse, encode)
    if answered.json_length is None:
        return JsonResponse(answered.body)
    headers = {_LENGTH: str(answered.json_length)}
    return Response(answered.body, media_type="application/octet-stream", headers=headers)
