"""Messages between an evaluation and its workers: JSON that is decoded only to the expected types.

General validators are not used, because they reject lone surrogates, which file names may contain.
Nothing is ever unpickled.
"""

from __future__ import annotations

import base64
import functools
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Json = Any


class MessageError(ValueError):
    """A value that is not of the expected type."""


def encode(value: object) -> Json:
    """Return a value as JSON data.

    Raises:
        MessageError: the value, or a part of it, has an unsupported type.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [encode(inner) for inner in value]
    raise MessageError(f"values of type {type(value).__name__} cannot be encoded")


def decode(kind: type[T], value: Json) -> T:
    """Return the value that `encode` turned into JSON data.

    Args:
        kind: the expected type, which may have parameters: ``tuple[str, ...]``.
        value: the JSON data.

    Raises:
        MessageError: the data is not a value of this type.
    """
    return cast(T, _decode(kind, value))


def _decode(kind: Any, value: Json) -> Any:
    if kind is Any or kind is object:
        return value
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), value)
    if origin is not None:
        return _collection(origin, get_args(kind), value)
    if is_dataclass(kind):
        return _dataclass(cast(type, kind), value)
    return _plain(kind, value)


def _plain(kind: Any, value: Json) -> Any:
    if kind is type(None) and value is None:
        return None
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is datetime and isinstance(value, str):
        return datetime.fromisoformat(value)
    if kind is bytes and isinstance(value, dict) and isinstance(value.get("base64"), str):
        return base64.b64decode(value["base64"])
    if kind in (str, int, bool) and type(value) is kind:
        return value
    raise MessageError(f"expected {getattr(kind, '__name__', kind)}, got {type(value).__name__}")


def _one_of(kinds: tuple[Any, ...], value: Json) -> Any:
    for kind in kinds:
        try:
            return _decode(kind, value)
        except MessageError:
            continue
    raise MessageError(f"expected one of {len(kinds)} types, got {type(value).__name__}")


def _collection(origin: Any, kinds: tuple[Any, ...], value: Json) -> Any:
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            raise MessageError(f"expected a mapping, got {type(value).__name__}")
        return {_decode(kinds[0], key): _decode(kinds[1], inner) for key, inner in value.items()}
    if not isinstance(value, list):
        raise MessageError(f"expected a list, got {type(value).__name__}")
    if origin is tuple and kinds[-1:] != (Ellipsis,):
        if len(value) != len(kinds):
            raise MessageError(f"expected {len(kinds)} values, got {len(value)}")
        return tuple(_decode(kind, inner) for kind, inner in zip(kinds, value, strict=True))
    collection = origin if origin in (tuple, list, set, frozenset) else tuple
    return collection(_decode(kinds[0], inner) for inner in value)


def _dataclass(kind: type, value: Json) -> Any:
    hints = hints_of(kind)
    if not isinstance(value, dict) or set(value) != set(hints):
        raise MessageError(f"expected the fields of {kind.__name__}")
    return kind(**{name: _decode(hint, value[name]) for name, hint in hints.items()})


@functools.cache
def hints_of(kind: Any) -> dict[str, Any]:
    """Return the types of a dataclass's fields, or of a function's parameters and return value."""
    hints = get_type_hints(kind)
    if is_dataclass(kind):
        return {field.name: hints[field.name] for field in fields(kind)}
    return hints
