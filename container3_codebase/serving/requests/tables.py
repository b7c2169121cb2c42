"""Tables as the body of a request: CSV, JSON lines and Parquet, by content type."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pybrain_runtime._io.record import NOTHING
from pybrain_runtime._io.signatures import GZIP
from pybrain_runtime.errors import ActivationError, MissingPackage
from pybrain_runtime.runs.activate_file import activate_file
from pybrain_runtime.runs.options import StreamOptions
from pybrain_runtime.tables.formats.registry import detect_format
from serving.errors import InvalidInstance, NotAcceptable, UnsupportedMediaType
from serving.models.served_model import ServedModel

TABLE_TYPES: Mapping[str, str] = {
    "text/csv": "csv",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/vnd.apache.parquet": "parquet",
}
"""The formats by content type."""


def answer_type(accept: str, kind: str) -> str:
    """Return the content type of the answer: the first accepted one that is a table's, else that of the request.

    Args:
        accept: the header Accept.
        kind: the content type of the request.

    Raises:
        NotAcceptable: only other types are accepted.
    """
    accepted = [part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()]
    for each in accepted:
        if each in TABLE_TYPES:
            return each
    if not accepted or any(each in ("*/*", kind.partition("/")[0] + "/*") for each in accepted):
        return kind
    raise NotAcceptable(f"Accept is {accept[:60]!a}; a table is answered with {', '.join(TABLE_TYPES)}.")


def predict_file(model: ServedModel, rows: Path, kind: str, answer: str, precision: str) -> tuple[Path, int]:
    """Run a model on the rows of a file, in bounded memory.

    Args:
        model: the model.
        rows: the file; the answer is written beside it.
        kind: the content type of the file.
        answer: the content type of the answer.
        precision: ``float64`` or ``float32``.

    Returns:
        The file of the answer, and the number of its rows.

    Raises:
        InvalidInstance: the rows do not fit the network or the format.
        UnsupportedMediaType: the content is of another type, or a package for it is not installed.
    """
    with rows.open("rb") as file:
        start = file.read(64)
    found = detect_format(start).name
    if start.startswith(GZIP) or found != TABLE_TYPES[kind]:
        what = "compressed with gzip" if start.startswith(GZIP) else found
        raise UnsupportedMediaType(f"The content type is {kind}, but the content is {what}.")
    output = rows.with_name(f"prediction.{TABLE_TYPES[answer]}")
    options = StreamOptions(precision=precision, threads=1, checkpoint=float("inf"))
    try:
        outcome = activate_file(model.knowledge, rows, output, options)
    except ActivationError as error:
        raise InvalidInstance(error.message, **_place(error)) from None
    except MissingPackage as error:
        raise UnsupportedMediaType(error.message) from None
    return output, outcome.prediction.rows


def _place(error: ActivationError) -> Mapping[str, int]:
    found = {"line": error.line, "column": error.column}
    return {name: value for name, value in found.items() if value is not None} or NOTHING
