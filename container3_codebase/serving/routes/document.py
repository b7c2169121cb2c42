"""The OpenAPI document of a running server: what its models take, and how it is accessed."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from serving.models.catalog import Catalog
from serving.models.snapshot import Snapshot
from serving.routes.access_documents import document_access
from serving.routes.documents import REQUEST_SCHEMAS
from serving.routes.model_schemas import csv_schema, example_rows, invocations_schema, prediction_schema


class DocumentedRoutes(FastAPI):
    """Routes with a document that follows the models.

    Attributes:
        catalog: the models; None for a document without them.
        needs_keys: whether clients need API keys.
    """

    catalog: Catalog | None = None
    needs_keys = False
    _documented: int | None = None

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        snapshot = None if self.catalog is None else self.catalog.snapshot
        number = -1 if snapshot is None else snapshot.number
        if self.openapi_schema is None or self._documented != number:
            self.openapi_schema = None
            document = super().openapi()
            document["components"]["schemas"].update(REQUEST_SCHEMAS)
            document_access(document, needs_keys=self.needs_keys)
            if snapshot is not None and snapshot.default in snapshot.models:
                _document_models(document, snapshot)
            self.openapi_schema, self._documented = document, number
        return self.openapi_schema


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
