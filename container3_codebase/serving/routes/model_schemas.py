"""JSON schemas of request bodies, exact for the served models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serving.models.served_model import ServedModel
from serving.models.snapshot import Snapshot
from serving.requests.invocations import KINDS

Schema = dict[str, Any]

_NUMBER: Schema = {"type": "number"}
_NULL: Schema = {"type": "null"}
_PRECISION: Schema = {"enum": ["float64", "float32"], "default": "float64"}
_DECIMAL = r"-?[0-9]{1,15}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?"
_MOST_MODELS = 16
_MOST_NAMES = 64
_OTHER_MODEL: Schema = {
    "title": "Rows for another model",
    "type": "object",
    "properties": {
        "instances": {
            "type": "array",
            "items": {
                "anyOf": [
                    {"type": "array", "items": _NUMBER},
                    {"type": "object", "additionalProperties": _NUMBER},
                ]
            },
            "minItems": 1,
        },
        "model": {"type": "string"},
        "version": {"type": ["string", "integer", "null"]},
        "precision": _PRECISION,
    },
    "required": ["instances", "model"],
    "additionalProperties": False,
}


def prediction_schema(snapshot: Snapshot) -> Schema:
    """Return the schema of ``POST /predict``: one alternative per model, or only the default one if there are many."""
    default = snapshot.default
    if len(snapshot.models) > _MOST_MODELS:
        return {"anyOf": [_prediction(snapshot.models[default], default), _OTHER_MODEL]}
    return {"anyOf": [_prediction(versions, default) for versions in snapshot.models.values()]}


def invocations_schema(model: ServedModel) -> Schema:
    """Return the schema of ``POST /invocations``: one alternative per format of the rows."""
    forms = {
        "dataframe_split": _split(model),
        "dataframe_records": _several(_object(model)),
        "instances": _several(instance_schema(model)),
        "inputs": {"anyOf": [_several(_list(model)), _columns(model)]},
    }
    others = {"params": {"anyOf": [{"type": "object"}, _NULL]}}
    return {
        "anyOf": [
            {
                "title": name,
                "type": "object",
                "properties": {**dict.fromkeys(KINDS, _NULL), **others, name: form},
                "required": [name],
                "additionalProperties": False,
            }
            for name, form in forms.items()
        ]
    }


def csv_schema(model: ServedModel) -> Schema:
    """Return the schema of a CSV table, shown without its optional header."""
    if model.knowledge.indim > _MOST_NAMES:
        return {"type": "string"}
    row = ",".join([_DECIMAL] * model.knowledge.indim)
    return {"type": "string", "pattern": f"^({row}\\n){{1,50}}$"}


def instance_schema(model: ServedModel) -> Schema:
    """Return the schema of a row: a list of numbers, or an object by input name."""
    return {"anyOf": [_list(model), _object(model)]}


def example_rows(model: ServedModel) -> list[list[float]]:
    """Return example rows for a model."""
    return [[round(0.1 * (place % 10 + 1), 1) for place in range(model.knowledge.indim)]]


def _prediction(versions: Sequence[ServedModel], default: str) -> Schema:
    newest = versions[-1]
    alike = [each.version for each in versions if each.names == newest.names]
    known: list[str | int | None] = [*alike, *map(int, alike), None]
    is_default = newest.name == default
    return {
        "title": f"Rows for {newest.name}",
        "type": "object",
        "properties": {
            "instances": _several(instance_schema(newest)),
            "model": {"enum": [newest.name, None]} if is_default else {"const": newest.name},
            "version": {"enum": known},
            "precision": _PRECISION,
        },
        "required": ["instances"] if is_default else ["instances", "model"],
        "additionalProperties": False,
    }


def _several(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def _list(model: ServedModel) -> Schema:
    width = model.knowledge.indim
    return {"type": "array", "items": _NUMBER, "minItems": width, "maxItems": width}


def _object(model: ServedModel) -> Schema:
    return _by_name(model, _NUMBER)


def _by_name(model: ServedModel, value: Schema) -> Schema:
    if len(model.names) > _MOST_NAMES:
        return {"type": "object", "additionalProperties": value, "minProperties": len(model.names)}
    return {
        "type": "object",
        "properties": dict.fromkeys(model.names, value),
        "required": list(model.names),
        "additionalProperties": False,
    }


def _columns(model: ServedModel) -> Schema:
    """Return the schema of columns by name, of length 1 because a schema cannot require equal lengths."""
    length = {"minItems": 1} if len(model.names) == 1 else {"minItems": 1, "maxItems": 1}
    return _by_name(model, {"type": "array", "items": _NUMBER, **length})


def _split(model: ServedModel) -> Schema:
    width = model.knowledge.indim
    size = {"type": "array", "minItems": width, "maxItems": width}
    label = {"type": ["string", "integer"]}
    columns: list[Schema] = [{"type": "array", "maxItems": 0}]
    if model.has_named_inputs:
        columns += [
            {**size, "items": {"enum": list(model.names)}, "uniqueItems": True},
            {**size, "items": label, "contains": {"type": "integer"}},
        ]
    else:
        columns.append({**size, "items": label})
    return {
        "type": "object",
        "properties": {
            "data": _several(_list(model)),
            "columns": {"anyOf": columns},
            "index": {"type": "array"},
        },
        "required": ["data"],
        "additionalProperties": False,
    }
