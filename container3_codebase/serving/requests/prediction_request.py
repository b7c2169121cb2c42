"""The JSON bodies of predictions, validated while they are parsed."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Instance = list[float] | dict[str, float]


class PredictionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /predict``.

    Attributes:
        instances: the rows: lists of numbers, or objects by input name.
        model: the name of the model; None for the default model.
        version: the version of the model; None for the newest.
        precision: the floating-point precision of the computation.
    """

    instances: list[Instance]
    model: str | None = None
    version: str | int | None = None
    precision: Literal["float64", "float32"] = "float64"


class PredictionRest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /predict`` without its rows.

    Attributes:
        instances: a placeholder string for the rows.
        model: as in ``PredictionRequest``.
        version: as in ``PredictionRequest``.
        precision: as in ``PredictionRequest``.
    """

    instances: str
    model: str | None = None
    version: str | int | None = None
    precision: Literal["float64", "float32"] = "float64"


class InstancesRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /v1/models/{m}:predict``: the model is in the path.

    Attributes:
        instances: as in ``PredictionRequest``.
    """

    instances: list[Instance]


class InstancesRest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /v1/models/{m}:predict`` without its rows.

    Attributes:
        instances: a placeholder string for the rows.
    """

    instances: str


class SessionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /sessions``.

    Attributes:
        model: the name of the model; None for the default model.
        version: the version of the model; None for the newest.
    """

    model: str | None = None
    version: str | int | None = None


class SessionPredictionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /sessions/{id}/predict``.

    Attributes:
        instances: the next time steps, as in ``PredictionRequest``.
        precision: the floating-point precision, which the first call of the session determines.
        step: the client's count of the time steps so far; None to continue in any case.
    """

    instances: list[Instance]
    precision: Literal["float64", "float32"] | None = None
    step: Annotated[int, msgspec.Meta(ge=0)] | None = None


PREDICTION = msgspec.json.Decoder(PredictionRequest)
PREDICTION_REST = msgspec.json.Decoder(PredictionRest)
INSTANCES_REST = msgspec.json.Decoder(InstancesRest)
INSTANCES = msgspec.json.Decoder(InstancesRequest)
SESSION = msgspec.json.Decoder(SessionRequest)
SESSION_PREDICTION = msgspec.json.Decoder(SessionPredictionRequest)
