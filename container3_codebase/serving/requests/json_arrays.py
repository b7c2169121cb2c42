"""Parse and encode arrays of numbers as JSON, without a Python object per number."""

from __future__ import annotations

import importlib
import os
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _optional(name: str) -> Any:
    """Import an optional module; None on a platform without its wheel, where responses are the same but slower."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


orjson, simdjson = _optional("orjson"), _optional("simdjson")

MARK = os.urandom(8).hex()
"""The placeholder of an array that was cut out of a body; random, so that clients cannot guess it."""
MARKED = f'"{MARK}"'.encode("ascii")
_SMALL = 1024
_NUMBER_BYTES = b"0123456789+-.eE \t\r\n"
_BEFORE = b" \t\r\n:"
_ENCODE = msgspec.json.Encoder().encode


class ArraySlice(NamedTuple):
    """A body without its array of numbers.

    Attributes:
        rest: the body with ``MARK`` in place of the array.
        text: the JSON of the array.
    """

    rest: bytes
    text: bytes


def array_json(values: Array) -> bytes:
    """Encode an array as JSON, with the shortest digits that reproduce each number exactly.

    Args:
        values: finite numbers.
    """
    if orjson is None:
        return _ENCODE(values.tolist())
    text: bytes = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return text


def cut(body: bytes, key: bytes, *, rows: bool) -> ArraySlice | None:
    """Cut the array that is the value of a key out of a body, so that the rest can be parsed separately.

    The caller parses the rest and must check that the value of the key is ``MARK``. This is for large bodies of the
    usual form; all others are parsed as a whole, which also finds their errors.

    Args:
        body: the JSON.
        key: the key, in quotes.
        rows: whether the array is a list of rows rather than flat.

    Returns:
        The two parts. None if the body is small or of another form, or if no faster parser is installed.
    """
    if simdjson is None or len(body) < _SMALL:
        return None
    place = body.find(key) + len(key)
    start = body.find(b"[", place)
    stop = body.rfind(b"]]") + 2 if rows else body.find(b"]", start) + 1
    if place < len(key) or not place < start < stop or body[place:start].strip(_BEFORE):
        return None
    rest = body[:start] + MARKED + body[stop:]
    # Without escapes, a key has a single spelling, so there is no second array of this name.
    if b"\\" in rest or rest.count(key) != 1:
        return None
    return ArraySlice(rest, body[start:stop])


def matrix(text: bytes, width: int) -> Array | None:
    """Parse a JSON list of rows.

    Args:
        text: the JSON.
        width: the length of each row.

    Returns:
        float64 of shape (n, width). None unless the list consists of at least one row of finite numbers.
    """
    row = b"[" + b"," * (width - 1) + b"],"
    marks = text.translate(None, _NUMBER_BYTES)
    count = len(marks) // len(row)
    if not count or marks != b"[" + (row * count)[:-1] + b"]":
        return None
    numbers = _numbers(text)
    return numbers.reshape(count, width) if numbers is not None and numbers.size == count * width else None


def vector(text: bytes) -> Array | None:
    """Parse a flat JSON list, shape (n,); None unless it consists of finite numbers."""
    return _numbers(text) if text.find(b"[", 1) < 0 else None


def _numbers(text: bytes) -> Array | None:
    if simdjson is None:
        return None
    try:
        # Each number is rounded correctly, as by float().
        numbers: Array = np.frombuffer(simdjson.Parser().parse(text).as_buffer(of_type="d"))
        return numbers
    except (RuntimeError, TypeError, ValueError):  # not JSON, not a number, or out of range
        return None
