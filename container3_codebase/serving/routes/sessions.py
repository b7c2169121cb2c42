"""`/sessions`: sequences for recurrent networks, spread over several requests."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from serving.errors import NotRecurrent
from serving.http.responses import json_response
from serving.inference import Inference
from serving.models.served_model import ServedModel
from serving.requests.body import content_type, read_body
from serving.requests.diagnosis import diagnose
from serving.requests.instances import rows_of
from serving.requests.prediction_request import (
    SESSION,
    SESSION_PREDICTION,
    SessionPredictionRequest,
    SessionRequest,
)
from serving.requests.responses import prediction
from serving.requests.typed_json import decode
from serving.routes.content import check_json
from serving.routes.documents import ERRORS, Session, SessionPrediction, json_body
from serving.sessions.call import continued
from serving.sessions.retained_models import RetainedModels
from serving.sessions.state_file import StateFile
from serving.sessions.store import SessionStore

_SESSION = "/sessions/{session}"
_SHORT_BODY = 16 * 1024
_KEYS = SessionPredictionRequest.__struct_fields__
_CREATE = {"requestBody": {**json_body(SessionRequest, {"model": "iris"}), "required": False}}
_PREDICT = {"requestBody": json_body(SessionPredictionRequest, {"instances": [[0.5]], "step": 0})}


class _Sessions:
    """The handlers of the routes.

    Args:
        inference: the models, limits and threads.
        store: the sessions.
    """

    def __init__(self, inference: Inference, store: SessionStore) -> None:
        self._inference = inference
        self._store = store
        self._models = RetainedModels()

    async def create(self, request: Request) -> Response:
        check_json(content_type(request))
        body = await self._body(request)
        asked = decode(SESSION, body) if body else SessionRequest()
        model = self._inference.catalog.snapshot.find(asked.model, asked.version)
        if not model.knowledge.network.recurrent:
            raise NotRecurrent(
                f"{model.name} is a feed-forward network, whose rows are independent; use /predict.",
                field="model",
            )
        client = _client(request)
        return await self._inference.in_thread(lambda: self._created(model, client))

    def _created(self, model: ServedModel, client: str) -> Response:
        values = sum(len(values) for values in model.session().recurrent_state)
        name = self._store.create(model, values, client)
        with self._store.opened(name, alone=False) as file:
            response = self._described(name, file, 201)
        response.headers["location"] = f"/sessions/{name}"
        return response

    async def describe(self, session: str) -> Response:
        def described() -> Response:
            with self._store.opened(session, alone=False) as file:
                return self._described(session, file)

        return await self._inference.in_thread(described)

    async def predict(self, session: str, request: Request) -> Response:
        check_json(content_type(request))
        body = await self._body(request)
        if len(body) > _SHORT_BODY:
            answer = await self._inference.in_long_thread(request, lambda: self._predicted(session, body))
        else:
            answer = await self._inference.in_thread(lambda: self._predicted(session, body))
        return Response(answer, media_type="application/json")

    def _predicted(self, session: str, body: bytes) -> bytes:
        with self._store.opened(session, alone=True) as file:
            model = self._model(session, file)
            try:
                asked = SESSION_PREDICTION.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise diagnose(body, model.names, _KEYS, str(error)) from None
            rows = rows_of(asked.instances, model.names, most=self._inference.limits.rows)
            call = continued(file, model, rows, asked.precision, asked.step)
            answer = prediction(model, call.outputs, steps=call.state.steps)
            if not call.repeated:
                file.write(call.state)  # only now: a failed call leaves the state unchanged
        self._inference.metrics.count_rows(model.name, len(rows))
        return answer

    async def remove(self, session: str) -> Response:
        await self._inference.in_thread(lambda: self._store.remove(session))
        return Response(status_code=204)

    async def _body(self, request: Request) -> bytes:
        limits = self._inference.limits
        return await read_body(request, limit=limits.body, seconds=limits.body_seconds)

    def _model(self, session: str, file: StateFile) -> ServedModel:
        copy = self._store.model_file(session, file.header)
        return self._models.find(file.header, copy, self._inference.catalog.snapshot)

    def _described(self, name: str, file: StateFile, status: int = 200) -> Response:
        header = file.header
        content = {
            "session": name,
            "model": {"name": header.model, "version": header.version, "sha256": header.sha256},
            "steps": file.current.steps,
            "expires_in": int(self._store.remaining(file)),
        }
        return json_response(content, status)


def _client(request: Request) -> str:
    """Return the key of a request, or the client's address if there is no key."""
    key = str(request.scope.get("key", ""))
    return f"key {key}" if key else f"address {request.client.host}" if request.client else ""


def router(inference: Inference, store: SessionStore) -> APIRouter:
    """Create the routes.

    Args:
        inference: the models, limits and threads.
        store: the sessions.
    """
    routes = APIRouter(tags=["sessions"])
    handlers = _Sessions(inference, store)
    routes.add_api_route(
        "/sessions",
        handlers.create,
        methods=["POST"],
        status_code=201,
        summary="Create a session of a recurrent network",
        openapi_extra=_CREATE,
        responses={201: {"model": Session}, **ERRORS},
        name="create_session",
    )
    routes.add_api_route(
        _SESSION + "/predict",
        handlers.predict,
        methods=["POST"],
        summary="Predict the next time steps",
        description="With `step`, a repeated call takes effect only once.",
        openapi_extra=_PREDICT,
        responses={200: {"model": SessionPrediction}, **ERRORS},
        name="predict_in_session",
    )
    missing: dict[int | str, dict[str, Any]] = {404: ERRORS[404]}
    routes.add_api_route(
        _SESSION,
        handlers.describe,
        methods=["GET"],
        summary="Describe a session",
        responses={200: {"model": Session}, **missing},
        name="describe_session",
    )
    routes.add_api_route(
        _SESSION,
        handlers.remove,
        methods=["DELETE"],
        status_code=204,
        summary="End a session",
        responses={**missing, 409: ERRORS[409]},
        name="end_session",
    )
    return routes
