"""Encode predictions as JSON."""

from __future__ import annotations

import msgspec
import numpy as np

from serving.errors import NotFinite
from serving.models.served_model import Array, ServedModel
from serving.requests.json_arrays import array_json

_ENCODE = msgspec.json.Encoder().encode


def prediction(model: ServedModel, outputs: Array, **others: object) -> bytes:
    """Return the response body of ``POST /predict``.

    Args:
        model: the model that was used.
        outputs: array of shape (n, outdim).
        others: additional members of the body.

    Raises:
        NotFinite: an output is NaN or infinite.
    """
    check_finite(outputs)
    rows = array_json(outputs)
    parts = [b'{"predictions":', rows]
    if model.knowledge.labels:
        parts += (b',"labels":', labels_json(model, outputs))
        if model.gives_probabilities:
            parts += (b',"classes":', model.label_list, b',"probabilities":')
            # A single output is the probability of the second class; the first class has the complement.
            parts.append(array_json(np.hstack([1.0 - outputs, outputs])) if outputs.shape[1] == 1 else rows)
    parts += (b',"model":', model.identity)
    for name, value in others.items():
        parts += (b",", _ENCODE(name), b":", _ENCODE(value))
    parts.append(b"}")
    return b"".join(parts)


def plain_predictions(outputs: Array) -> bytes:
    """Return outputs as ``{"predictions": [...]}``, the response of KServe v1 and MLflow.

    Raises:
        NotFinite: an output is NaN or infinite.
    """
    check_finite(outputs)
    return b'{"predictions":%b}' % array_json(outputs)


def labels_json(model: ServedModel, outputs: Array) -> bytes:
    """Return the predicted labels as a JSON list.

    Args:
        model: a model whose card has labels.
        outputs: finite numbers of shape (n, outdim).
    """
    return b"[%b]" % b",".join(model.label_texts[model.knowledge.class_places(outputs)].tolist())


def check_finite(outputs: Array) -> None:
    """Check that JSON can represent the outputs.

    Raises:
        NotFinite: an output is NaN or infinite; the error locates the first one.
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
