"""Convert instances to an array of rows, and locate the first one that does not fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import TypeVar

import msgspec
import numpy as np

from serving.errors import InvalidInstance, InvalidRequest, PayloadTooLarge
from serving.models.served_model import Array, ServedModel
from serving.requests.json_arrays import MARK, cut, matrix
from serving.requests.prediction_request import Instance, InstancesRest, PredictionRest

_Rest = TypeVar("_Rest", PredictionRest, InstancesRest)
_SHOWN = 60


class Huge(str):
    """The digits of a number that is too large for a float."""

    __slots__ = ()


def rows_of(instances: Sequence[Instance], names: tuple[str, ...], *, most: int) -> Array:
    """Convert instances to an array of rows.

    Args:
        instances: lists of finite numbers, or dicts of finite numbers by input name.
        names: the names of the inputs.
        most: maximum number of instances.

    Returns:
        The rows, float64 of shape (n, indim).

    Raises:
        InvalidInstance: an instance does not fit the network; the error locates the first one.
        InvalidRequest: there are no instances.
        PayloadTooLarge: there are too many instances.
    """
    check_count(len(instances), most)
    try:
        rows = [_ordered(row, names) if isinstance(row, dict) else row for row in instances]
        if set(map(len, rows)) == {len(names)}:
            flat = np.fromiter(chain.from_iterable(rows), np.float64, len(rows) * len(names))
            return flat.reshape(len(rows), len(names))
    except KeyError:
        pass
    check_instances(instances, names)
    raise AssertionError("check_instances found nothing")


def large_rows(
    body: bytes, decoder: msgspec.json.Decoder[_Rest], model_for: Callable[[_Rest], ServedModel], *, most: int
) -> tuple[_Rest, ServedModel, Array] | None:
    """Parse a large body whose instances are all lists of numbers, ten times as fast as ``rows_of``.

    Args:
        body: the body.
        decoder: the decoder of the body without its instances.
        model_for: returns the model for the rest of the body.
        most: maximum number of instances.

    Returns:
        The rest of the body, the model, and the rows, float64 of shape (n, indim). None for any other body, which may
        still be valid.

    Raises:
        PayloadTooLarge: there are too many instances.
        RequestError: ``model_for`` raises it.
    """
    found = cut(body, b'"instances"', rows=True)
    if found is None:
        return None
    try:
        rest = decoder.decode(found.rest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if rest.instances != MARK:
        return None
    model = model_for(rest)
    rows = matrix(found.text, len(model.names))
    if rows is None:
        return None
    check_count(len(rows), most)
    return rest, model, rows


def check_count(count: int, most: int) -> None:
    """Check that there is at least one row, and that there are not too many.

    Args:
        count: the number of rows.
        most: the maximum.

    Raises:
        InvalidRequest: there are no rows.
        PayloadTooLarge: there are too many rows.
    """
    if not count:
        raise InvalidRequest("There are no instances; expected at least one.")
    if count > most:
        raise PayloadTooLarge(f"There are {str(count)[:20]} instances; the limit is {most}.", limit=most)


def check_instances(instances: Sequence[object], names: tuple[str, ...]) -> None:
    """Check instances of any content.

    Args:
        instances: any JSON values; numbers beyond the range of a float are ``Huge``.
        names: the names of the inputs.

    Raises:
        InvalidInstance: an instance is not a row; the error locates the first one.
    """
    for place, instance in enumerate(instances):
        if isinstance(instance, Mapping):
            _check_object(place, instance, names)
        elif isinstance(instance, list):
            _check_list(place, instance, names)
        else:
            expected = f"a list of {len(names)} numbers, or an object"
            raise InvalidInstance(
                f"instances[{place}] is {described(instance)}; expected {expected}.",
                instance=place,
                got=described(instance),
                expected=expected,
            )


def described(value: object) -> str:
    """Describe a JSON value for messages."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Huge():
            return f"a number of {len(value)} characters, which exceeds 1.8e308"
        case str():
            return "the string " + ascii(value if len(value) <= _SHOWN else value[:_SHOWN] + "...")
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "an object"
    return str(value)[:_SHOWN]


def _ordered(row: dict[str, float], names: tuple[str, ...]) -> list[float]:
    if len(row) != len(names):
        raise KeyError
    return [row[name] for name in names]


def _check_list(place: int, instance: list[object], names: tuple[str, ...]) -> None:
    if len(instance) != len(names):
        raise InvalidInstance(
            f"instances[{place}] has {len(instance)} values; the network takes {len(names)}.",
            instance=place,
            got=len(instance),
            expected=len(names),
        )
    for column, value in enumerate(instance):
        _check_number(place, f"[{column}]", names[column], value)


def _check_object(place: int, instance: Mapping[str, object], names: tuple[str, ...]) -> None:
    unknown = [name for name in instance if name not in names]
    missing = [name for name in names if name not in instance]
    if unknown or missing:
        what = "an unknown name" if unknown else "no value for"
        name = (unknown or missing)[0][:_SHOWN]
        raise InvalidInstance(
            f"instances[{place}] has {what} {name!a}. The inputs are: {_listed(names)}.",
            instance=place,
            field=name,
            got="unknown" if unknown else "missing",
            expected=_listed(names),
        )
    for name, value in instance.items():
        _check_number(place, f"[{name!a}]", name, value)


def _check_number(place: int, where: str, field: str, value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise InvalidInstance(
            f"instances[{place}]{where} is {described(value)}; expected a finite number.",
            instance=place,
            field=field,
            got=described(value),
            expected="a finite number",
        )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
