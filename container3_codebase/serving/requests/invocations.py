"""Parse the bodies that MLflow and SageMaker send to /invocations."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from pybrain_runtime.activation import read_activation
from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.printable import escaped
from serving.errors import InvalidInstance, InvalidRequest, RequestError
from serving.models.served_model import Array, ServedModel
from serving.requests.foreign_diagnosis import diagnose_invocations
from serving.requests.instances import check_count, rows_of
from serving.requests.json_arrays import MARK, cut, matrix
from serving.requests.prediction_request import Instance
from serving.requests.typed_json import decode


class Split(msgspec.Struct, forbid_unknown_fields=True):
    """A pandas DataFrame with ``orient="split"``.

    Attributes:
        data: the rows.
        columns: the names of the columns; empty if they have none.
        index: ignored.
    """

    data: list[list[float]]
    columns: list[str | int] = []
    index: list[Any] = []


class InvocationsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body, with exactly one of the first four members.

    Attributes:
        dataframe_split: a DataFrame in rows.
        dataframe_records: one dict by column name per row.
        instances: as in ``POST /predict``.
        inputs: rows, or columns by name.
        params: ignored.
    """

    dataframe_split: Split | None = None
    dataframe_records: list[dict[str, float]] | None = None
    instances: list[Instance] | None = None
    inputs: list[list[float]] | dict[str, list[float]] | None = None
    params: dict[str, Any] | None = None


class SplitRest(msgspec.Struct, forbid_unknown_fields=True):
    """A DataFrame without its rows: ``data`` is a placeholder string."""

    data: str
    columns: list[str | int] = []
    index: list[Any] = []


class InvocationsRest(msgspec.Struct, forbid_unknown_fields=True):
    """A body without its rows: one of the first three members is a placeholder string."""

    dataframe_split: SplitRest | None = None
    instances: str | None = None
    inputs: str | None = None
    params: dict[str, Any] | None = None


_REQUEST = msgspec.json.Decoder(InvocationsRequest)
_REST = msgspec.json.Decoder(InvocationsRest)
KINDS = ("dataframe_split", "dataframe_records", "instances", "inputs")


def rows_of_json(body: bytes, model: ServedModel, *, most: int) -> Array:
    """Return the rows of a JSON body.

    Args:
        body: the body.
        model: the model to run on the rows.
        most: maximum number of rows.

    Returns:
        The rows, float64 of shape (n, indim).

    Raises:
        RequestError: the body is not valid, or does not fit the network.
    """
    if (large := _large_rows(body, model)) is not None:
        check_count(len(large), most)
        return large
    try:
        request = decode(_REQUEST, body)
    except RequestError as error:
        raise diagnose_invocations(body, model.names, error, by_name=model.has_named_inputs) from None
    given = [name for name in KINDS if getattr(request, name) is not None]
    if len(given) != 1:
        what = " and ".join(given) or "no known member"
        raise InvalidRequest(f"The body has {what}; expected one of {', '.join(KINDS)}.")
    if request.dataframe_split is not None:
        return rows_of(_by_name(request.dataframe_split, model), model.names, most=most)
    if isinstance(request.inputs, dict):
        return rows_of(_transposed(request.inputs), model.names, most=most)
    rows = request.dataframe_records or request.instances or request.inputs or []
    return rows_of(rows, model.names, most=most)


def rows_of_csv(body: bytes, model: ServedModel, *, most: int) -> Array:
    """Return the rows of a CSV body, with or without a header.

    Args:
        body: the body.
        model: the model to run on the rows.
        most: maximum number of rows.

    Raises:
        InvalidInstance: the body is not a table, or does not fit the network.
        PayloadTooLarge: the body has too many rows.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "body"
        path.write_bytes(body)
        try:
            rows: Array = read_activation(path, model.knowledge).inputs
        except ActivationError as error:
            raise InvalidInstance(error.message) from None
    check_count(len(rows), most)
    return rows


def _large_rows(body: bytes, model: ServedModel) -> Array | None:
    """Return the rows of a large body of lists of numbers; None for any other body, which may still be valid."""
    for key in (b'"data"', b'"instances"', b'"inputs"'):
        if (found := cut(body, key, rows=True)) is None:
            continue
        try:
            rest = _REST.decode(found.rest)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        split = rest.dataframe_split
        given = [each for each in (split and split.data, rest.instances, rest.inputs) if each is not None]
        if given != [MARK]:
            return None
        order = _order(split.columns if split else [], model)
        if order is None or (rows := matrix(found.text, len(order))) is None:
            return None
        return rows if order == sorted(order) else np.ascontiguousarray(rows[:, order])
    return None


def _order(columns: list[str | int], model: ServedModel) -> list[int] | None:
    """Return the column index of each input if every input has exactly one column; None otherwise."""
    by_position = list(range(len(model.names)))
    if not columns:
        return by_position
    if len(columns) != len(model.names) or len(set(columns)) < len(columns):
        return None
    if not model.has_named_inputs or not all(isinstance(name, str) for name in columns):
        return by_position
    return [columns.index(name) for name in model.names] if set(columns) == set(model.names) else None


def _by_name(split: Split, model: ServedModel) -> list[Instance]:
    """Return rows by column name, or by position if neither the card nor the columns have names."""
    if not split.columns:
        return list(split.data)
    for place, row in enumerate(split.data):
        if len(row) != len(split.columns):
            raise InvalidInstance(
                f"The row {place} has {len(row)} values; there are {len(split.columns)} columns.",
                instance=place,
                got=len(row),
                expected=len(split.columns),
            )
    names = [name for name in split.columns if isinstance(name, str)]
    _check_unique(names)
    if len(names) < len(split.columns) or not model.has_named_inputs:
        return list(split.data)
    return [dict(zip(names, row, strict=True)) for row in split.data]


def _check_unique(names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidInstance(
                f"The column {escaped(name, 60)} appears twice; column names must be unique.",
                field=escaped(name, 60),
            )
        seen.add(name)


def _transposed(columns: dict[str, list[float]]) -> list[Instance]:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InvalidRequest(
            f"The columns of inputs have different lengths: {str(lengths)[:200]}.", field="inputs"
        )
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
