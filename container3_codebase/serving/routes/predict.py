"""`POST /predict`: predictions for rows as JSON or as a table."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from serving.errors import NotAcceptable
from serving.http.responses import JsonResponse
from serving.inference import Inference
from serving.models.served_model import Array, ServedModel
from serving.models.snapshot import Snapshot
from serving.requests.body import content_type, header, read_body
from serving.requests.diagnosis import diagnose, model_of
from serving.requests.instances import large_rows, rows_of
from serving.requests.prediction_request import PREDICTION, PREDICTION_REST, PredictionRequest
from serving.requests.responses import prediction
from serving.requests.tables import TABLE_TYPES
from serving.routes.content import check_json
from serving.routes.documents import PREDICT_BODY, PREDICT_RESPONSES
from serving.routes.tables import predict_table

_KEYS = PredictionRequest.__struct_fields__


class Predict:
    """The handler of the route.

    Args:
        inference: the models, limits and threads.
    """

    def __init__(self, inference: Inference) -> None:
        self._inference = inference

    async def __call__(self, request: Request) -> Response:
        """Process a request.

        Raises:
            RequestError: the request is not valid or cannot be processed.
        """
        kind = content_type(request)
        if kind in TABLE_TYPES:
            return await predict_table(self._inference, request, kind)
        check_json(kind, also=tuple(TABLE_TYPES))
        accept = header(request, b"accept")
        if accept and "json" not in accept and "*" not in accept:
            raise NotAcceptable(f"Accept is {accept[:60]!a}; this route returns application/json.")
        limits = self._inference.limits
        body = await read_body(request, limit=limits.body, seconds=limits.body_seconds)
        snapshot = self._inference.catalog.snapshot
        answer = await self._inference.answer(
            request, body, lambda body: self._parsed(body, snapshot), prediction
        )
        return JsonResponse(answer)

    def _parsed(self, body: bytes, snapshot: Snapshot) -> tuple[ServedModel, Array, str]:
        most = self._inference.limits.rows
        large = large_rows(
            body, PREDICTION_REST, lambda rest: snapshot.find(rest.model, rest.version), most=most
        )
        if large is not None:
            rest, model, rows = large
            return model, rows, rest.precision
        try:
            found = PREDICTION.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            names = snapshot.find(*model_of(body)).names
            raise diagnose(body, names, _KEYS, str(error)) from None
        model = snapshot.find(found.model, found.version)
        return model, rows_of(found.instances, model.names, most=most), found.precision


def router(predict: Predict) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["predict"])
    routes.add_api_route(
        "/predict",
        predict.__call__,
        methods=["POST"],
        summary="Predict rows",
        description="Rows as JSON, or a table by its content type.",
        openapi_extra={"requestBody": PREDICT_BODY},
        responses=PREDICT_RESPONSES,
        name="predict",
    )
    return routes
