"""Responses of the Open Inference Protocol v2."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import numpy as np

from serving.errors import InvalidRequest
from serving.models.served_model import Array, ServedModel, counted
from serving.requests.json_arrays import array_json
from serving.requests.responses import check_finite, labels_json
from serving.requests.tensors import InferRequest

OUTPUT, LABEL = "output", "label"
_ENCODE = msgspec.json.Encoder().encode


class InferAnswer(NamedTuple):
    """The body of a response.

    Attributes:
        body: the JSON, followed by the binary data.
        json_length: the length of the JSON in bytes; None if there is no binary data.
    """

    body: bytes
    json_length: int | None


def output_tensors(model: ServedModel) -> list[dict[str, object]]:
    """Return names, types and shapes of the outputs of a model."""
    tensors: list[dict[str, object]] = [
        {"name": OUTPUT, "datatype": "FP64", "shape": [-1, model.knowledge.outdim]}
    ]
    if model.knowledge.labels:
        tensors.append({"name": LABEL, "datatype": "BYTES", "shape": [-1]})
    return tensors


def wanted_outputs(request: InferRequest, model: ServedModel) -> dict[str, bool]:
    """Return the requested outputs, each with whether it is binary.

    Args:
        request: the request.
        model: the model.

    Raises:
        InvalidRequest: an output is unknown.
    """
    known = (OUTPUT, LABEL) if model.knowledge.labels else (OUTPUT,)
    binary = request.parameters.get("binary_data_output") is True
    if not request.outputs:
        return dict.fromkeys(known, binary)
    for output in request.outputs:
        if output.name not in known:
            raise InvalidRequest(
                f"There is no output {output.name[:60]!a}; available outputs: {', '.join(known)}.",
                field="outputs",
            )
    return {output.name: output.parameters.get("binary_data", binary) is True for output in request.outputs}


def answer(request: InferRequest, model: ServedModel, outputs: Array) -> InferAnswer:
    """Encode the outputs of a model as a response.

    Args:
        request: the request.
        model: the model that was used.
        outputs: array of shape (n, outdim).

    Raises:
        InvalidRequest: a requested output is unknown.
        NotFinite: an output to be returned as JSON is NaN or infinite.
    """
    tensors: list[dict[str, Any]] = []
    tail = b""
    for name, binary in wanted_outputs(request, model).items():
        tensor, data = _tensor(name, binary, model, outputs)
        tensors.append(tensor)
        tail += data
    content: dict[str, Any] = {"model_name": model.name, "model_version": model.version, "outputs": tensors}
    if request.id:
        content["id"] = request.id
    if request.parameters.get("model_description") is True:
        content["parameters"] = _description(model)
    head = _ENCODE(content)
    return InferAnswer(head + tail, len(head) if tail else None)


def _description(model: ServedModel) -> dict[str, str]:
    """Describe a model as ``POST /predict`` does, but without lists, which the protocol does not allow here."""
    described = {"sha256": model.knowledge.sha256}
    if model.gives_probabilities:
        described["classes"] = _ENCODE(model.knowledge.labels).decode("utf-8")
    return described


def _tensor(name: str, binary: bool, model: ServedModel, outputs: Array) -> tuple[dict[str, Any], bytes]:
    data, tensor = b"", dict[str, Any]()
    if name == OUTPUT:
        tensor = {"name": OUTPUT, "datatype": "FP64", "shape": list(outputs.shape)}
        if binary:
            data = np.ascontiguousarray(outputs, "<f8").tobytes()
        else:
            check_finite(outputs)
            tensor["data"] = msgspec.Raw(array_json(outputs.ravel()))
    else:
        tensor = {"name": LABEL, "datatype": "BYTES", "shape": [len(outputs)]}
        if binary:
            data = _elements(model, outputs)
        elif np.isnan(outputs).any():
            tensor["data"] = model.knowledge.classes(outputs)
        else:
            tensor["data"] = msgspec.Raw(labels_json(model, outputs))
    if binary:
        tensor["parameters"] = {"binary_data_size": len(data)}
    return tensor, data


def _elements(model: ServedModel, outputs: Array) -> bytes:
    """Return the predicted labels as binary data: each string with its length in front."""
    if np.isnan(outputs).any():
        return b"".join(map(counted, model.knowledge.classes(outputs)))
    elements: list[bytes] = model.label_elements[model.knowledge.class_places(outputs)].tolist()
    return b"".join(elements)
