"""`POST /predict/image`: predictions for images."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from serving.errors import InvalidRequest, NoImageInput, UnsupportedMediaType
from serving.images.pictures import Pictures
from serving.inference import Inference, checked_precision
from serving.models.served_model import ServedModel
from serving.models.snapshot import Snapshot
from serving.requests.body import content_type, read_body
from serving.requests.multipart import file_of_form
from serving.requests.responses import prediction
from serving.routes.documents import ERRORS, ErrorBody, ImagePrediction

FIELD = "image"
_FORM = "multipart/form-data"
_TYPES = ("image/png", "image/jpeg", "image/bmp", "image/webp", "image/gif")
_BINARY: dict[str, Any] = {"type": "string", "format": "binary", "minLength": 1}
# Forms and application/octet-stream are missing: a schema cannot express that their bytes are an image.
_BODY: dict[str, Any] = {
    "required": True,
    "content": {kind: {"schema": {**_BINARY, "contentMediaType": kind}} for kind in _TYPES},
}
_DESCRIPTION = (
    "A PNG, JPEG, BMP, WebP or GIF file, as the body itself or as the field `image` of a form (multipart/form-data). "
    "The model card defines its preprocessing. The format is recognized by the content."
)


class _Images:
    """The handler of the route.

    Args:
        inference: the models, limits and threads.
        pictures: the image decoders.
    """

    def __init__(self, inference: Inference, pictures: Pictures) -> None:
        self._inference = inference
        self._pictures = pictures

    async def predict(
        self,
        request: Request,
        model: Annotated[
            str | None, Query(description="Default: the first model that accepts images")
        ] = None,
        version: str | None = None,
        precision: Annotated[str, Query(json_schema_extra={"enum": ["float64", "float32"]})] = "float64",
        include: Annotated[
            str,
            Query(
                description="`input`: return the inputs as well", json_schema_extra={"enum": ["", "input"]}
            ),
        ] = "",
    ) -> Response:
        self._pictures.check_available()
        found = model_for_images(self._inference.catalog.snapshot, model, version)
        checked_precision(precision)
        if include not in ("", "input"):
            raise InvalidRequest(f"include is {include[:60]!a}; expected input.", field="include")
        assert found.image is not None
        with self._pictures.place():
            picture = await self._picture(request)
            inputs = await self._pictures.inputs(picture, found.image)
        others = {"inputs": [inputs.tolist()]} if include else {}
        answer = await self._inference.answer(
            request,
            b"",
            lambda _: (found, inputs[np.newaxis], precision),
            lambda model, outputs: prediction(model, outputs, **others),
        )
        return Response(answer, media_type="application/json")

    async def _picture(self, request: Request) -> bytes:
        kind = content_type(request)
        if kind != _FORM and not kind.startswith("image/") and kind not in ("", "application/octet-stream"):
            expected = f"{_FORM}, or that of an image"
            raise UnsupportedMediaType(f"The content type is {kind[:60]!a}; expected {expected}.")
        limits = self._inference.limits
        body = await read_body(request, limit=limits.image, seconds=limits.body_seconds)
        return file_of_form(body, request.headers["content-type"], FIELD) if kind == _FORM else body


def model_for_images(snapshot: Snapshot, name: str | None, version: str | None) -> ServedModel:
    """Return a model that accepts images: the named one, otherwise the default model, otherwise the first that does.

    Args:
        snapshot: the served models.
        name: the name of the model; None for any.
        version: the version of the model; None for the newest.

    Raises:
        NoImageInput: the model does not accept images.
        RequestError: the model does not exist.
    """
    model = snapshot.find(name, version)
    if model.image is not None:
        return model
    others = [each for each, versions in snapshot.models.items() if versions[-1].image is not None]
    if name is None and version is None and others:
        return snapshot.find(others[0])
    raise NoImageInput(
        f"The model {model.name} does not accept images: its model card has no section 'image'. "
        f"Models that accept images: {', '.join(others[:20]) or 'none'}.",
        field="model",
    )


def router(inference: Inference, pictures: Pictures) -> APIRouter:
    """Create the route.

    Args:
        inference: the models, limits and threads.
        pictures: the image decoders.
    """
    routes = APIRouter(tags=["predict"])
    routes.add_api_route(
        "/predict/image",
        _Images(inference, pictures).predict,
        methods=["POST"],
        summary="Predict an image",
        description=_DESCRIPTION,
        openapi_extra={"requestBody": _BODY},
        responses={
            200: {"model": ImagePrediction},
            **ERRORS,
            501: {"model": ErrorBody, "description": "This server does not accept images"},
        },
        name="predict_image",
    )
    return routes
