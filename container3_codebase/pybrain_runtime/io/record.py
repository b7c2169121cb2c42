"""Immutable records, like frozen data classes, and protocols, without the time that both take at every start.

A one-row run needs dozens of small classes. As data classes and protocols they would cost as much time at every start
as loading the network and running it. Type checkers treat both alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

if TYPE_CHECKING:
    from typing import Protocol as Protocol
else:
    Protocol = object
    """For protocols that only annotations use: no `isinstance`."""

NOTHING: Mapping[str, Any] = MappingProxyType({})
"""An immutable empty mapping, for field defaults."""


@dataclass_transform(eq_default=False, frozen_default=True)
class Record:
    """Base class of immutable records, whose annotations are their fields.

    A value in the class is the default of its field. With ``class Point(Record, eq=True)``, objects are compared by
    their fields, else by identity.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _names: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, *, eq: bool = False) -> None:
        cls._fields = (*cls._fields, *cls.__annotations__)
        cls._names = frozenset(cls._fields)
        if eq:
            cls.__eq__ = _equal  # type: ignore[assignment]
            cls.__hash__ = _hash  # type: ignore[assignment]

    def __init__(self, *values: object, **named: object) -> None:
        content = self.__dict__
        if values:
            content.update(zip(self._fields, values, strict=False))
        content.update(named)
        if content.keys() != self._names or len(values) + len(named) != len(content):
            self._check(values, named)

    def replace(self, **changes: object) -> Self:
        """Return a copy with some fields changed."""
        return type(self)(**{name: getattr(self, name) for name in self._fields} | changes)

    def __setattr__(self, name: str, value: object) -> None:
        raise self._unchangeable()

    def __delattr__(self, name: str) -> None:
        raise self._unchangeable()

    def __repr__(self) -> str:
        content = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({content})"

    def _unchangeable(self) -> AttributeError:
        return AttributeError(f"a {type(self).__name__} is immutable; create a changed copy with replace()")

    def _check(self, values: tuple[object, ...], named: dict[str, object]) -> None:
        """Check that only fields with a default are missing, and none is given twice or unknown."""
        fields, kind = self._fields, type(self)
        missing = [name for name in fields if name not in self.__dict__ and not hasattr(kind, name)]
        twice = [name for name in fields[: len(values)] if name in named]
        unknown = [name for name in named if name not in fields]
        if missing or twice or unknown or len(values) > len(fields):
            wrong = f"missing {missing}, twice {twice}, unknown {unknown}"
            raise TypeError(f"{kind.__name__} takes {', '.join(fields)}; {wrong}, {len(values)} by position")


def _equal(self: Record, other: object) -> bool:
    return isinstance(other, Record) and type(other) is type(self) and _values(self) == _values(other)


def _hash(self: Record) -> int:
    return hash((type(self), *_values(self)))


def _values(record: Record) -> tuple[object, ...]:
    return tuple(getattr(record, name) for name in record._fields)
