"""Answers to a prediction as JSON."""

from __future__ import annotations

import msgspec
import numpy as np

from serving.errors import NotFinite
from serving.models.served_model import Array, ServedModel
from serving.requests.json_arrays import array_json

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
    rows = array_json(outputs)
    parts = [b'{"predictions":', rows]
    if model.knowledge.labels:
        parts += (b',"labels":', labels_json(model, outputs))
        if model.gives_probabilities:
            parts += (b',"classes":', model.label_list, b',"probabilities":')
            # One output is the probability of the second class; that of the first is the rest.
            parts.append(array_json(np.hstack([1.0 - outputs, outputs])) if outputs.shape[1] == 1 else rows)
    parts += (b',"model":', model.identity)
    for name, value in others.items():
        parts += (b",", _ENCODE(name), b":", _ENCODE(value))
    parts.append(b"}")
    return b"".join(parts)


def plain_predictions(outputs: Array) -> bytes:
    """Return outputs as ``{"predictions": [...]}``, as KServe v1 and MLflow answer.

    Raises:
        NotFinite: an output is NaN or infinite.
    """
    check_finite(outputs)
    return b'{"predictions":%b}' % array_json(outputs)


def labels_json(model: ServedModel, outputs: Array) -> bytes:
    """Return the list of the labels of rows as JSON.

    Args:
        model: a model whose card has labels.
        outputs: finite numbers, shape (n, outdim).
    """
    return b"[%b]" % b",".join(model.label_texts[model.knowledge.class_places(outputs)].tolist())


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
