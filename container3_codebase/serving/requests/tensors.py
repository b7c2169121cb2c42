"""Parse tensors of the Open Inference Protocol v2, in JSON or in the binary data extension."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from pybrain_runtime.io.printable import escaped
from serving.errors import InvalidInstance, InvalidRequest, MalformedRequest
from serving.models.served_model import Array, ServedModel
from serving.requests.instances import check_count
from serving.requests.json_arrays import MARKED, cut, vector
from serving.requests.typed_json import decode

DATATYPES = {
    "FP64": "<f8", "FP32": "<f4", "FP16": "<f2",
    "INT64": "<i8", "INT32": "<i4", "INT16": "<i2", "INT8": "<i1",
    "UINT64": "<u8", "UINT32": "<u4", "UINT16": "<u2", "UINT8": "<u1",
}  # fmt: skip
"""The NumPy data types of the supported tensor data types."""
INPUT = "input"
_FLAT = msgspec.json.Decoder(list[float])
_NESTED = msgspec.json.Decoder(list[list[float]])


class InputTensor(msgspec.Struct, forbid_unknown_fields=True):
    """An input tensor.

    Attributes:
        name: the name of the tensor.
        shape: the shape of the tensor.
        datatype: the protocol's name for the data type.
        parameters: ``binary_data_size``, if the data follows the JSON.
        data: the numbers, flat or nested.
    """

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] = {}
    data: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class RequestedOutput(msgspec.Struct, forbid_unknown_fields=True):
    """A requested output.

    Attributes:
        name: the name of the output.
        parameters: ``binary_data``, whether the data follows the JSON.
    """

    name: str
    parameters: dict[str, Any] = {}


class InferRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The JSON of an inference request.

    Attributes:
        inputs: one tensor.
        id: an ID that is returned with the response.
        parameters: ``binary_data_output``, whether all outputs are binary; ``precision``; ``model_description``,
            whether the response has the SHA-256 of the model, and its classes if the outputs are probabilities.
        outputs: the requested outputs; empty for all.
    """

    inputs: list[InputTensor]
    id: str = ""
    parameters: dict[str, Any] = {}
    outputs: list[RequestedOutput] = []


_REQUEST = msgspec.json.Decoder(InferRequest)


class InferBody(NamedTuple):
    """The body of an inference request.

    Attributes:
        request: the parsed JSON.
        binary: the bytes after the JSON.
        numbers: the numbers of the tensor, if they have already been parsed.
    """

    request: InferRequest
    binary: memoryview
    numbers: Array | None = None


def read_request(body: bytes, json_length: str) -> InferBody:
    """Parse the JSON of a request, and find the binary data after it.

    Args:
        body: the body.
        json_length: the Inference-Header-Content-Length header; empty if the body is only JSON.

    Raises:
        MalformedRequest: the body is not JSON, or is shorter than stated by the header.
        InvalidRequest: the JSON is not an inference request.
    """
    length = len(body)
    if json_length:
        if not (json_length.isdecimal() and len(json_length) < 12 and int(json_length) <= length):
            raise MalformedRequest(
                f"Inference-Header-Content-Length is {json_length[:40]!a}, but the body has {length} bytes."
            )
        length = int(json_length)
    if length == len(body) and (large := _large_request(body)) is not None:
        return large
    return InferBody(decode(_REQUEST, body[:length]), memoryview(body)[length:])


def _large_request(body: bytes) -> InferBody | None:
    """Parse a request with many numbers in one flat list; None for any other request, which may still be valid."""
    found = cut(body, b'"data"', rows=False)
    if found is None:
        return None
    try:
        request = _REQUEST.decode(found.rest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    tensor = request.inputs[0] if len(request.inputs) == 1 else None
    if tensor is None or bytes(tensor.data) != MARKED or "binary_data_size" in tensor.parameters:
        return None
    if not tensor.datatype.startswith("FP"):  # float64 cannot represent all 64-bit integers
        return None
    numbers = vector(found.text)
    return InferBody(request, memoryview(b""), numbers) if numbers is not None else None


def rows_of(body: InferBody, model: ServedModel, *, most: int) -> Array:
    """Return the rows of a request.

    Args:
        body: the body of the request.
        model: the model.
        most: maximum number of rows.

    Returns:
        The rows, float64 of shape (n, indim).

    Raises:
        InvalidRequest: there is not exactly one tensor with the name, shape and data type of the model's input.
        PayloadTooLarge: there are too many rows.
    """
    request = body.request
    if len(request.inputs) != 1:
        raise InvalidRequest(f"There are {len(request.inputs)} input tensors; expected one, named {INPUT}.")
    tensor = request.inputs[0]
    if tensor.name != INPUT:
        raise InvalidRequest(f"The input tensor is {tensor.name[:60]!a}; expected {INPUT}.", field="name")
    if tensor.datatype not in DATATYPES:
        known = ", ".join(DATATYPES)
        raise InvalidRequest(
            f"The datatype is {tensor.datatype[:60]!a}; expected one of {known}.", field="datatype"
        )
    width = model.knowledge.indim
    if len(tensor.shape) != 2 or tensor.shape[1] != width or tensor.shape[0] < 0:
        raise InvalidRequest(
            f"The shape of {INPUT} is {str(tensor.shape)[:60]}; expected [n, {width}].",
            got=str(tensor.shape)[:60],
            expected=f"[n, {width}]",
        )
    check_count(tensor.shape[0], most)
    numbers = _numbers(tensor, body)
    if numbers.size != tensor.shape[0] * width:
        raise InvalidRequest(
            f"{INPUT} has {numbers.size} numbers; its shape requires {tensor.shape[0] * width}.", field="data"
        )
    rows = numbers.reshape(tensor.shape).astype(np.float64, copy=False)
    if body.numbers is None or tensor.datatype != "FP64":  # parsed FP64 numbers are finite
        _check_finite(rows, model)
    return rows


def _numbers(tensor: InputTensor, body: InferBody) -> NDArray[Any]:
    dtype = np.dtype(DATATYPES[tensor.datatype])
    if body.numbers is not None:
        return _rounded(body.numbers, dtype)
    binary = body.binary
    size = tensor.parameters.get("binary_data_size")
    if size is None:
        return _from_json(tensor, dtype)
    if type(size) is not int or size != len(binary) or len(binary) % dtype.itemsize:
        raise InvalidRequest(
            f"binary_data_size is {escaped(str(size), 40)}; {len(binary)} bytes of {dtype.itemsize} each follow "
            "the JSON.",
            field="binary_data_size",
        )
    return np.frombuffer(binary, dtype)


def _from_json(tensor: InputTensor, dtype: np.dtype[Any]) -> NDArray[Any]:
    data = bytes(tensor.data)
    if not data:
        raise InvalidRequest(f"{INPUT} has no data.", field="data")
    nested = data[1:].lstrip()[:1] == b"["
    if not nested:
        numbers = np.array(decode(_FLAT, data, f"The data of {INPUT}"), np.float64)
    else:
        rows = decode(_NESTED, data, f"The data of {INPUT}")
        for place, row in enumerate(rows):
            if len(row) != tensor.shape[1]:
                raise InvalidInstance(
                    f"The row {place} of {INPUT} has {len(row)} values; the network takes {tensor.shape[1]}.",
                    instance=place, got=len(row), expected=tensor.shape[1],
                )  # fmt: skip
        numbers = np.array(rows, np.float64)
    if dtype.kind in "iu":
        if not _are_integers(numbers, data, np.iinfo(dtype)):
            raise InvalidRequest(
                f"{INPUT} contains a number that is not a valid {tensor.datatype}.", field="data"
            )
        return numbers
    return _rounded(numbers, dtype)


def _rounded(numbers: Array, dtype: np.dtype[Any]) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        return numbers.astype(dtype, copy=False)


def _are_integers(numbers: Array, data: bytes, bounds: np.iinfo[Any]) -> bool:
    """Return whether all numbers are integers within the range of a type.

    Args:
        numbers: the numbers as float64.
        data: their JSON, because float64 cannot distinguish the 64-bit bounds from the integers just beyond them.
        bounds: the range of the type.
    """
    within = (numbers == np.trunc(numbers)) & (numbers >= bounds.min) & (numbers <= bounds.max)
    if not within.all():
        return False
    if bounds.bits < 64 or not ((numbers == float(bounds.max)) | (numbers == float(bounds.min))).any():
        return True
    exact = msgspec.json.decode(data)
    values = [value for row in exact for value in (row if isinstance(row, list) else [row])]
    return all(bounds.min <= int(value) <= bounds.max for value in values)


def _check_finite(rows: Array, model: ServedModel) -> None:
    finite = np.isfinite(rows)
    if not finite.all():
        row, column = (int(place) for place in np.argwhere(~finite)[0])
        raise InvalidInstance(
            f"The row {row} of {INPUT} has {rows[row, column]} at {column}; expected a finite number.",
            instance=row,
            field=model.names[column],
            got=str(rows[row, column]),
            expected="a finite number",
        )
