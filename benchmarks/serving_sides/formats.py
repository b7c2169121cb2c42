"""How rows are written for each server, and how the outputs are read from its response."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

JSON = "application/json"
_NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
_OUTPUTS = ("setosa", "versicolor", "virginica")
_HEADER_LENGTH = "inference-header-content-length"

Read = Callable[[bytes, Mapping[str, str]], np.ndarray]


@dataclass(frozen=True)
class Message:
    """The body of a request with its headers.

    Attributes:
        body: the body.
        kind: its content type.
        headers: further headers.
    """

    body: bytes
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Format:
    """A request format of a server.

    Attributes:
        name: its name in the tables.
        path: the path of the route.
        write: returns the request for rows, shape (n, 4).
        read: returns the numbers in a response, from its body and its headers with lower-case names: the outputs,
            shape (n, 3).
    """

    name: str
    path: str
    write: Callable[[np.ndarray], Message]
    read: Read


def _instances(rows: np.ndarray) -> Message:
    return Message(json.dumps({"instances": rows.tolist()}).encode())


def _predictions(body: bytes, headers: Mapping[str, str]) -> np.ndarray:
    return np.array(json.loads(body)["predictions"])


def _echoed(body: bytes, headers: Mapping[str, str]) -> np.ndarray:
    return np.array(json.loads(body)["instances"])


def _split(rows: np.ndarray) -> Message:
    content = {"dataframe_split": {"columns": _NAMES, "data": rows.tolist()}}
    return Message(json.dumps(content).encode())


def _records(body: bytes, headers: Mapping[str, str]) -> np.ndarray:
    return np.array([[row[name] for name in _OUTPUTS] for row in json.loads(body)["predictions"]])


def _tensor(rows: np.ndarray) -> Message:
    tensor = {"name": "input", "shape": rows.shape, "datatype": "FP64", "data": rows.ravel().tolist()}
    return Message(json.dumps({"inputs": [tensor]}).encode())


def _first_output(body: bytes, headers: Mapping[str, str]) -> np.ndarray:
    output = json.loads(body)["outputs"][0]
    return np.array(output["data"]).reshape(-1, len(_OUTPUTS))


def _binary_tensor(rows: np.ndarray) -> Message:
    data = rows.astype("<f8").tobytes()
    tensor = {
        "name": "input",
        "shape": rows.shape,
        "datatype": "FP64",
        "parameters": {"binary_data_size": len(data)},
    }
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    return Message(head + data, "application/octet-stream", {_HEADER_LENGTH: str(len(head))})


def _first_binary_output(body: bytes, headers: Mapping[str, str]) -> np.ndarray:
    start = int(headers[_HEADER_LENGTH])
    size = json.loads(body[:start])["outputs"][0]["parameters"]["binary_data_size"]
    return np.array(struct.unpack(f"<{size // 8}d", body[start : start + size])).reshape(-1, len(_OUTPUTS))


def _csv(rows: np.ndarray) -> Message:
    lines = [",".join(_NAMES), *(",".join(map(repr, row)) for row in rows.tolist())]
    return Message(("\n".join(lines) + "\n").encode(), "text/csv")


def _columns(body: bytes, headers: Mapping[str, str]) -> np.ndarray:
    names, *lines = (line.split(",") for line in body.decode().splitlines())
    places = [names.index(name) for name in _OUTPUTS]
    return np.array([[float(line[place]) for place in places] for line in lines])


ECHO = Format("JSON", "/echo", _instances, _echoed)
INSTANCES = Format("JSON", "/predict", _instances, _predictions)
MLFLOW = Format("JSON", "/invocations", _split, _records)
INFER = Format("v2 JSON", "/v2/models/iris/infer", _tensor, _first_output)
BINARY = Format("v2 binary", "/v2/models/iris/infer", _binary_tensor, _first_binary_output)
CSV = Format("CSV", "/predict", _csv, _columns)
MLFLOW_CSV = Format("CSV", "/invocations", _csv, _records)
