"""Plans for predictions: the requests of a call, and the results of their responses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode

from app07_client.errors import AccessDenied, InvalidInput, InvalidResponse
from app07_client.protocol import descriptions, tensors
from app07_client.protocol.address import segment
from app07_client.protocol.descriptions import identity
from app07_client.protocol.exchange import Exchange, Plan, Request, Response
from app07_client.protocol.file_blocks import ResponseFile, Upload
from app07_client.protocol.json_bodies import members
from app07_client.protocol.refusals import printable
from app07_client.protocol.rows import (
    Rows,
    checked_array,
    encoded,
    instances_of,
    is_array,
)
from app07_client.results import (
    FilePrediction,
    ModelIdentity,
    Prediction,
)

if TYPE_CHECKING:
    from app07_client.protocol.rows import NumericArray

JSON = {"content-type": "application/json", "accept": "application/json"}


def predict(
    exchange: Exchange, rows: Rows, model: str | None, version: str | int | None, precision: str | None
) -> Plan[Prediction]:
    """Predict rows: a large array is sent as a binary tensor, everything else as JSON.

    Args:
        exchange: the exchange that sends the requests.
        rows: rows as accepted by ``App07Client.predict``.
        model: name of the model; None for the default model.
        version: version of the model; None for the newest.
        precision: ``float64`` or ``float32``; None for the server's default.
    """
    if is_array(rows) and tensors.is_worthwhile(rows):
        found = yield from _infer(exchange, checked_array(rows), model, version, precision)
        if found is not None:
            return found
    instances = instances_of(rows)
    named = {"model": model, "version": version, "precision": precision}
    body = encoded({name: value for name, value in named.items() if value is not None}, instances)
    response = yield from exchange.send(Request("POST", "/predict", JSON, body))
    return prediction_of(response, len(instances))


def _infer(
    exchange: Exchange,
    rows: NumericArray,
    model: str | None,
    version: str | int | None,
    precision: str | None,
) -> Plan[Prediction | None]:
    if model is None and version is not None:
        return None
    if model is None:
        try:
            summaries = yield from descriptions.models(exchange)
        except AccessDenied:  # the key only has the scope `predict`
            return None
        model = next((each.name for each in summaries if each.is_default), None)
        if model is None:
            return None
    path = f"/v2/models/{segment(model)}"
    if version is not None:
        path += f"/versions/{segment(str(version), 'version')}"
    response = yield from exchange.send(tensors.infer_request(rows, path, precision))
    return tensors.prediction(response, len(rows))


def predict_file(
    exchange: Exchange,
    upload: Upload,
    target: ResponseFile,
    query: dict[str, str | int | None],
) -> Plan[FilePrediction]:
    """Send a table, and write the prediction to a file.

    Args:
        exchange: the exchange that sends the requests.
        upload: the table.
        target: the file for the prediction.
        query: model, version and precision; None for the server's defaults.

    Raises:
        InvalidResponse: the prediction is incomplete.
    """
    headers = {"content-type": upload.table_type(), "accept": target.kind}
    request = Request("POST", "/predict" + _query(query), headers, upload, target)
    response = yield from exchange.send(request)
    names = [unquote(response.headers.get(f"x-model-{name}", "")) for name in ("name", "version", "sha256")]
    sent_rows = response.headers.get("x-prediction-rows", "")
    is_number = sent_rows.isascii() and sent_rows.isdecimal() and len(sent_rows) < 18
    rows = int(sent_rows) if is_number else None
    if problem := target.rows.problem(rows):
        raise InvalidResponse(problem, status=response.status)
    return FilePrediction(
        target.path,
        target.size,
        rows,
        ModelIdentity(*map(printable, names)) if all(names) else None,
        printable(response.headers.get("x-request-id", "")),
    )


def predict_image(
    exchange: Exchange, image: bytes, model: str | None, version: str | int | None
) -> Plan[Prediction]:
    """Predict one image.

    Args:
        exchange: the exchange that sends the request.
        image: the content of the image file.
        model: name of the model; None for the default model.
        version: version of the model; None for the newest.

    Raises:
        InvalidInput: the image is in none of the supported formats.
    """
    headers = {"content-type": _image_type(image), "accept": "application/json"}
    path = "/predict/image" + _query({"model": model, "version": version})
    response = yield from exchange.send(Request("POST", path, headers, image))
    return prediction_of(response, 1)


def prediction_of(response: Response, rows: int) -> Prediction:
    """Return the prediction of a JSON response.

    Args:
        response: the response.
        rows: the number of rows that were sent.

    Raises:
        InvalidResponse: the response is not as expected.
    """
    content = members(response)
    outputs = content.numbers("predictions", rows)
    labels = content.texts("labels") if "labels" in content else None
    classes = content.texts("classes") if "probabilities" in content else None
    if labels is not None and len(labels) != rows:
        raise content.invalid(f"there are {len(labels)} labels for {rows} rows")
    if classes is not None and len(classes) not in (len(outputs[0]), len(outputs[0]) + 1):
        raise content.invalid(f"there are {len(classes)} classes for {len(outputs[0])} outputs")
    model = identity(content.member("model"))
    return Prediction(outputs, labels, classes, model, response.headers.get("x-request-id", ""))


def _query(values: dict[str, str | int | None]) -> str:
    given = {name: str(value) for name, value in values.items() if value is not None}
    return f"?{urlencode(given, errors='replace')}" if given else ""


def _image_type(image: bytes) -> str:
    if image.startswith(b"RIFF") and image[8:12] == b"WEBP":
        return "image/webp"
    for start, kind in _IMAGES.items():
        if image.startswith(start):
            return kind
    raise InvalidInput(
        f"The image format is not supported; expected {', '.join([*_IMAGES.values(), 'image/webp'])}."
    )


_IMAGES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"BM": "image/bmp",
}
"""The content types of images, by the first bytes of the file."""
