"""Find the invalid instance in a refused body of MLflow or of the Open Inference Protocol."""

from __future__ import annotations

from collections.abc import Mapping

from serving.errors import InvalidInstance, RequestError
from serving.requests.diagnosis import parse
from serving.requests.instances import check_instances


def diagnose_invocations(
    body: bytes, names: tuple[str, ...], error: RequestError, *, by_name: bool
) -> RequestError:
    """Return the error for a body of /invocations.

    Args:
        body: the body.
        names: the names of the inputs.
        by_name: whether the columns of a DataFrame are matched by name.
        error: the parser's error, returned if no specific problem is found.
    """
    try:
        content = parse(body)
        for kind in ("instances", "dataframe_records", "inputs", "dataframe_split"):
            if (given := content.get(kind)) is not None:
                check_instances(_rows(given, by_name=by_name), names)
    except InvalidInstance as found:
        return found
    except RequestError:
        pass
    return error


def diagnose_tensors(body: bytes, names: tuple[str, ...], error: RequestError) -> RequestError:
    """Return the error for an inference request in JSON.

    Args:
        body: the JSON part of the request.
        names: the names of the inputs.
        error: the parser's error, returned if no specific problem is found.
    """
    if isinstance(error, InvalidInstance):
        return error
    try:
        tensors = parse(body).get("inputs")
        data = tensors[0].get("data") if isinstance(tensors, list) and isinstance(tensors[0], dict) else None
        if isinstance(data, list) and data:
            width = max(len(names), 1)
            nested = isinstance(data[0], list)
            padded = data if nested else data + [0.0] * (-len(data) % width)
            rows = data if nested else [padded[place : place + width] for place in range(0, len(data), width)]
            check_instances(rows, names)
    except InvalidInstance as found:
        return found
    except (RequestError, IndexError):
        pass
    return error


def _rows(given: object, *, by_name: bool) -> list[object]:
    """Return the rows in a list, in a DataFrame with split orientation, or in a dict of columns."""
    if isinstance(given, list):
        return given
    if not isinstance(given, Mapping):
        return []
    columns, data = given.get("columns"), given.get("data")
    if isinstance(data, list) and by_name and isinstance(columns, list) and columns:
        names = [str(name) for name in columns]
        return [dict(zip(names, row, strict=False)) if isinstance(row, list) else row for row in data]
    if isinstance(data, list):
        return data
    if all(isinstance(values, list) for values in given.values()):
        return [dict(zip(given, row, strict=False)) for row in zip(*given.values(), strict=False)]
    return []
