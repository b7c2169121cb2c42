"""The request and response bodies in the OpenAPI document."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict

from serving.requests.invocations import InvocationsRequest
from serving.requests.prediction_request import (
    InstancesRequest,
    PredictionRequest,
    SessionPredictionRequest,
    SessionRequest,
)
from serving.requests.tables import TABLE_TYPES
from serving.requests.tensors import InferRequest


class Identity(BaseModel):
    """The model that was used."""

    name: str
    version: str
    sha256: str


class Prediction(BaseModel):
    """The response to a prediction. The last three keys are present if the model card has classes."""

    predictions: list[list[float]]
    labels: list[str] | None = None
    classes: list[str] | None = None
    probabilities: list[list[float]] | None = None
    model: Identity


class ImagePrediction(Prediction):
    """The response to a prediction for an image. The inputs are present if requested."""

    inputs: list[list[float]] | None = None


class SessionPrediction(Prediction):
    """The response to a call of a session."""

    steps: int


class Session(BaseModel):
    """A session. It expires if it is not used."""

    session: str
    model: Identity
    steps: int
    expires_in: int


class ErrorBody(BaseModel):
    """An error. Errors in an instance have its index and the actual and expected values."""

    model_config = ConfigDict(extra="allow")

    error: str
    code: str
    request_id: str


_EXAMPLE = {"instances": [[5.1, 3.5, 1.4, 0.2]], "model": "iris"}


def _request_schemas() -> tuple[dict[type, dict[str, Any]], dict[str, Any]]:
    """Return references to the JSON schemas of the bodies, and the schemas, generated from the types of the bodies."""
    rows = (PredictionRequest, InstancesRequest, SessionPredictionRequest)
    kinds = (*rows, SessionRequest, InferRequest, InvocationsRequest)
    template = "#/components/schemas/{name}"
    references, schemas = msgspec.json.schema_components(kinds, ref_template=template)
    for kind in rows:
        schemas[kind.__name__]["properties"]["instances"]["minItems"] = 1
    return dict(zip(kinds, references, strict=True)), dict(schemas)


_REFERENCES, REQUEST_SCHEMAS = _request_schemas()


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": text}
    for status, text in (
        (400, "The body is not in the format of its content type"),
        (404, "The model, version or session does not exist"),
        (406, "None of the accepted content types can be written"),
        (408, "The body was not complete in time"),
        (
            409,
            "An output is not finite, or a session is at another step or in use",
        ),
        (413, "The body has too many bytes or rows"),
        (415, "The content type is not supported"),
        (422, "The rows do not fit the network"),
        (
            503,
            "Too many requests are in flight, there are too many sessions, or the model could not be loaded",
        ),
    )
}
PREDICT_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": _REFERENCES[PredictionRequest], "example": _EXAMPLE},
        **{kind: {} for kind in TABLE_TYPES},
    },
}
PREDICT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": Prediction,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TABLE_TYPES},
    },
    **ERRORS,
}


def json_body(kind: type, example: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI description of a JSON body.

    Args:
        kind: the type of the body, one of those in ``REQUEST_SCHEMAS``.
        example: an example of the body.
    """
    return {
        "required": True,
        "content": {"application/json": {"schema": _REFERENCES[kind], "example": example}},
    }
