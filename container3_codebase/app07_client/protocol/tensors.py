"""Send arrays as binary tensors of the Open Inference Protocol v2, which is faster than JSON for many rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from app07_client.protocol.exchange import Request, Response
from app07_client.protocol.json_bodies import Members, parse
from app07_client.results import ModelIdentity, Prediction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app07_client.protocol.rows import NumericArray

LEAST_NUMBERS = 2048
"""Arrays with fewer numbers are sent as JSON."""
_LENGTH = "inference-header-content-length"
_LETTERS = {"f": "FP", "i": "INT", "u": "UINT"}


def is_worthwhile(rows: NumericArray) -> bool:
    """Return whether an array is large enough to be sent as a binary tensor."""
    return rows.size >= LEAST_NUMBERS and rows.dtype.kind in _LETTERS


def infer_request(rows: NumericArray, path: str, precision: str | None) -> Request:
    """Return the request for an array.

    Args:
        rows: finite numbers of shape (n, inputs).
        path: the path of the model, below the server's URL.
        precision: ``float64`` or ``float32``; None for the server's default.
    """
    data = rows.astype(rows.dtype.newbyteorder("<"), order="C", copy=False).tobytes()
    tensor = {
        "name": "input",
        "shape": list(rows.shape),
        "datatype": f"{_LETTERS[rows.dtype.kind]}{rows.dtype.itemsize * 8}",
        "parameters": {"binary_data_size": len(data)},
    }
    parameters: dict[str, object] = {"binary_data_output": True, "model_description": True}
    if precision is not None:
        parameters["precision"] = precision
    head = json.dumps({"inputs": [tensor], "parameters": parameters}).encode("ascii")
    headers = {"content-type": "application/octet-stream", _LENGTH: str(len(head))}
    return Request("POST", f"{path}/infer", headers, head + data)


def prediction(response: Response, rows: int) -> Prediction | None:
    """Return the prediction of a response.

    Args:
        response: the response.
        rows: the number of rows that were sent.

    Returns:
        The prediction, or None if the JSON route has to be used: the server does not describe its model, or an output
        is not finite, which only the JSON route reports as an error.

    Raises:
        InvalidResponse: the response is not as expected.
    """
    import numpy as np

    length = response.headers.get(_LENGTH, "")
    if not (length.isascii() and length.isdecimal() and len(length) < 12):
        return None
    head = Members(parse(response.body[: int(length)], response.status), response.status)
    if "parameters" not in head or "sha256" not in (described := head.member("parameters")):
        return None
    tensors = _tensors(head, memoryview(response.body)[int(length) :])
    outputs = _outputs(head, tensors, rows)
    if not np.isfinite(outputs).all():
        return None
    model = ModelIdentity(
        head.get("model_name", str), head.get("model_version", str), described.get("sha256", str)
    )
    labels = _labels(head, tensors["label"], rows) if "label" in tensors else None
    classes = _classes(described) if "classes" in described else None
    return Prediction(outputs, labels, classes, model, response.headers.get("x-request-id", ""))


def _tensors(head: Members, data: memoryview) -> Mapping[str, tuple[Members, memoryview]]:
    found = {}
    for tensor in head.objects("outputs"):
        size = tensor.member("parameters").get("binary_data_size", int)
        if not 0 <= size <= len(data):
            raise head.invalid("the binary data is shorter than the tensors")
        found[tensor.get("name", str)] = (tensor, data[:size])
        data = data[size:]
    return found


def _outputs(
    head: Members, tensors: Mapping[str, tuple[Members, memoryview]], rows: int
) -> NDArray[np.float64]:
    import numpy as np

    if "output" not in tensors:
        raise head.invalid("the tensor output is missing")
    tensor, data = tensors["output"]
    shape = tensor.items("shape")
    if (
        tensor.get("datatype", str) != "FP64"
        or len(shape) != 2
        or shape[0] != rows
        or not isinstance(shape[1], int)
    ):
        raise head.invalid(f"the tensor output is not FP64 of shape [{rows}, outputs]")
    if shape[1] < 1 or len(data) != rows * shape[1] * 8:
        raise head.invalid("the size of the tensor output does not match its shape")
    return np.frombuffer(data, "<f8").reshape(rows, shape[1]).astype(np.float64)


def _labels(head: Members, found: tuple[Members, memoryview], rows: int) -> list[str]:
    data, labels, place = bytes(found[1]), [], 0
    for _ in range(rows):
        end = place + 4 + int.from_bytes(data[place : place + 4], "little")
        if end > len(data):
            raise head.invalid("the tensor label is truncated")
        labels.append(data[place + 4 : end].decode("utf-8", "replace"))
        place = end
    return labels


def _classes(described: Members) -> list[str]:
    text = described.get("classes", str)
    return Members(
        {"classes": parse(text.encode("utf-8", "replace"), described.status)}, described.status
    ).texts("classes")
