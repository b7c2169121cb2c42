"""Answers to a prediction as JSON."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from serving.errors import NotFinite
from serving.models.served_model import Array, ServedModel

_ENCODE = msgspec.json.Encoder().encode


def prediction(model: ServedModel, outputs: Array, **others: object) -> bytes:
    """Return the answer of ``POST /predict``.

    Args:
        model: the model that was used.
        outputs: shape (n, outdim).
        others: further members of the answer.

    Raises:
        NotFinite: an output is NaN or infinite.
    """
    check_finite(outputs)
    rows = msgspec.Raw(_ENCODE(outputs.tolist()))
    answer: dict[str, Any] = {"predictions": rows}
    if model.knowledge.labels:
        answer["labels"] = model.knowledge.classes(outputs)
        if model.gives_probabilities:
            answer["classes"] = model.knowledge.labels
            two = outputs.shape[1] == 1  # the second class; that of the first is the rest
            answer["probabilities"] = [[1.0 - p, p] for [p] in outputs.tolist()] if two else rows
    answer["model"] = model.identity
    return _ENCODE(answer | others if others else answer)


def plain_predictions(outputs: Array) -> bytes:
    """Return outputs as ``{"predictions": [...]}``, as KServe v1 and MLflow answer.

    Raises:
        NotFinite: an output is NaN or infinite.
    """
    check_finite(outputs)
    return _ENCODE({"predictions": outputs.tolist()})


def check_finite(outputs: Array) -> None:
    """Check that JSON can hold the outputs.

    Raises:
        NotFinite: one is NaN or infinite; the first one is named.
    """
    finite = np.isfinite(outputs)
    if not finite.all():
        row, column = (int(place) for place in np.argwhere(~finite)[0])
        raise NotFinite(
            f"The output {column} for instances[{row}] is {outputs[row, column]}, which JSON cannot represent.",
            instance=row,
            got=str(outputs[row, column]),
            expected="a finite number",
        )
