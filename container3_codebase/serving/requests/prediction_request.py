"""The JSON body of a prediction, checked against its types while it is parsed."""

from __future__ import annotations

from typing import Literal

import msgspec

Instance = list[float] | dict[str, float]


class PredictionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /predict``.

    Attributes:
        instances: the rows: lists of numbers, or objects by the names of the inputs.
        model: the name of the model; None for the default model.
        version: its version; None for the newest.
        precision: of the arithmetic.
    """

    instances: list[Instance]
    model: str | None = None
    version: str | int | None = None
    precision: Literal["float64", "float32"] = "float64"


class InstancesRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /v1/models/{m}:predict``: the model is in the path.

    Attributes:
        instances: as in ``PredictionRequest``.
    """

    instances: list[Instance]


PREDICTION = msgspec.json.Decoder(PredictionRequest)
INSTANCES = msgspec.json.Decoder(InstancesRequest)
