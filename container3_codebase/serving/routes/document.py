"""The OpenAPI document of a running server, with the schemas of its models and its access control."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from serving.http.responses import json_response
from serving.models.catalog import Catalog
from serving.models.snapshot import Snapshot
from serving.routes.access_documents import document_access
from serving.routes.documents import REQUEST_SCHEMAS
from serving.routes.model_schemas import csv_schema, example_rows, invocations_schema, prediction_schema


class DocumentedRoutes(FastAPI):
    """An application whose OpenAPI document follows the served models.

    Attributes:
        catalog: the models; None for a document without them.
        needs_keys: whether clients need API keys.
    """

    catalog: Catalog | None = None
    needs_keys = False
    _with_models: tuple[int, dict[str, Any]] | None = None
    _without_models: dict[str, Any] | None = None

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document without the models."""
        if self._without_models is None:
            self._without_models = self._described()
        return self._without_models

    def openapi_with_models(self) -> dict[str, Any]:
        """Return the OpenAPI document with the schemas of the default model and the names of the others."""
        snapshot = None if self.catalog is None else self.catalog.snapshot
        if snapshot is None or snapshot.default not in snapshot.models:
            return self.openapi()
        if self._with_models is None or self._with_models[0] != snapshot.number:
            document = self._described()
            _document_models(document, snapshot)
            self._with_models = snapshot.number, document
        return self._with_models[1]

    def add_document(self) -> None:
        """Add the route of the document, which omits the models for clients whose key may not see them."""

        async def document(request: Request) -> Response:
            sees_models = request.scope["sees_models"]
            content = self.openapi_with_models() if sees_models else self.openapi()
            response = json_response(content)
            if self.needs_keys:
                # Caches must not serve one client's document to another.
                response.headers["cache-control"] = "private, no-cache"
                response.headers["vary"] = "authorization, x-api-key"
            return response

        self.add_route("/openapi.json", document, include_in_schema=False)

    def _described(self) -> dict[str, Any]:
        self.openapi_schema = None
        document = super().openapi()
        document["components"]["schemas"].update(REQUEST_SCHEMAS)
        document_access(document, needs_keys=self.needs_keys)
        return document


def _document_models(document: dict[str, Any], snapshot: Snapshot) -> None:
    model = snapshot.find()
    rows = example_rows(model)
    table = {"schema": csv_schema(model), "example": ",".join(map(str, rows[0])) + "\n"}
    example = {"instances": rows}
    predict = {"schema": prediction_schema(snapshot), "example": example}
    invocations = {"schema": invocations_schema(model), "example": example}
    for path, media in (("/predict", predict), ("/invocations", invocations)):
        body = document["paths"][path]["post"]["requestBody"]
        content = {**body["content"], "application/json": {**body["content"]["application/json"], **media}}
        document["paths"][path]["post"]["requestBody"] = {**body, "content": {**content, "text/csv": table}}
