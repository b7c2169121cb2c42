"""Typed access to the attributes of one object in a file, with messages that name the object."""

from __future__ import annotations

import numpy as np

from pybrain_runtime.errors import KnowledgeError, UnsupportedPart
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.limits import DEFAULT_LIMITS
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.values import ArrayValue, Instance

_LARGEST_SIZE = 1 << 31
_LONGEST_NAME = DEFAULT_LIMITS.name_length


class State:
    """The attributes of an instance. All methods raise KnowledgeError for values that are not valid.

    Attributes:
        get: returns an attribute without checks, or a default. It is the dictionary's own method, for speed.

    Args:
        instance: the object.
        file: the name of the file, for messages.
        budget: what is left of the limits; None if lists are not charged.
    """

    def __init__(self, instance: Instance, file: str, budget: Budget | None = None) -> None:
        self.instance = instance
        self.file = file
        self._budget = budget
        self.get = instance.state.get
        name = self.get("_name")
        self.name = name if isinstance(name, str) and name else instance.kind
        if len(self.name) > _LONGEST_NAME:  # names are compared and copied
            self.name = self.name[:_LONGEST_NAME]
            raise self.error(f"exceeds the limit of {_LONGEST_NAME:,} characters in a name")

    def __contains__(self, key: str) -> bool:
        return key in self.instance.state

    def error(self, what: str) -> KnowledgeError:
        """Return the error for this object.

        Args:
            what: the problem, as the predicate of a sentence.
        """
        return UnsupportedPart(
            f"{self.file} does not hold a complete network: "
            f"the {self.instance.kind} '{escaped(self.name, 60)}' {what}.",
            part=self.name,
        )

    def integer(self, key: str, default: int | None = None) -> int:
        """Return a non-negative integer.

        Args:
            key: the attribute.
            default: the value if the attribute is missing; None if it is required.
        """
        value = self.get(key, default)
        if type(value) is not int or not 0 <= value < _LARGEST_SIZE:
            raise self.error(f"has no valid {key}")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return a Boolean; 0 and 1 are accepted.

        Args:
            key: the attribute.
            default: the value if the attribute is missing.
        """
        value = self.get(key, default)
        if not isinstance(value, bool | int):
            raise self.error(f"has a {key} that is neither true nor false")
        return bool(value)

    def count(self, key: str) -> int:
        """Return the number of elements of an array; 0 if the attribute is not a numeric array."""
        value = self.get(key)
        return value.size if isinstance(value, ArrayValue) and value.numeric else 0

    def instance_at(self, key: str, *families: str) -> Instance:
        """Return an object that an attribute refers to.

        Args:
            key: the attribute.
            *families: the families it may belong to, see ``Global.family``.
        """
        value = self.get(key)
        if not isinstance(value, Instance) or value.cls.family not in families:
            raise self.error(f"has no valid {key}")
        return value

    def instances_at(self, key: str, *families: str) -> list[Instance]:
        """Return the objects that an attribute lists; an empty list if the attribute is missing.

        Args:
            key: the attribute.
            *families: the families they may belong to.
        """
        return self.instances(self.get(key, []), key, *families)

    def instances(self, value: object, key: str, *families: str) -> list[Instance]:
        """Return the objects in a list, tuple or set, which may not have duplicates.

        Args:
            value: the list, tuple or set.
            key: the name of the attribute, for messages.
            *families: the families they may belong to.
        """
        if not isinstance(value, list | tuple | set):
            raise self.error(f"has a value of '{key}' that is not a list")
        if self._budget:
            self._budget.charge_steps(len(value))
        found: list[Instance] = []
        for item in value:
            if not isinstance(item, Instance) or item.cls.family not in families:
                raise self.error(f"has an item of the wrong type in its {key}")
            found.append(item)
        if len(set(found)) != len(found):
            raise self.error(f"has the same object twice in its {key}")
        return found

    def numbers(self, key: str, count: int) -> np.ndarray:
        """Return an attribute as an array of finite numbers.

        Args:
            key: the attribute.
            count: the expected number of elements.

        Returns:
            float64, shape (count,), read-only.
        """
        value = self.get(key)
        if value is None:
            raise self.error(f"has no {key}, which is required")
        if isinstance(value, ArrayValue) and value.numeric and value.size != count:
            # Checked before the conversion, because many parts may refer to one large array.
            raise self.error(f"has {value.size} numbers in {key}; expected {count}")
        try:
            array = value.array if isinstance(value, ArrayValue) else _plain_numbers(value)
            if array is None:
                raise ValueError
            plain = array.ndim == 1 and array.dtype == np.float64 and array.flags.c_contiguous
            flat = array if plain else np.ascontiguousarray(array, dtype=np.float64).reshape(-1)
        except (TypeError, ValueError, OverflowError):
            raise self.error(f"has {key} that are not numbers") from None
        if not np.isfinite(flat).all():
            place = int(np.argmin(np.isfinite(flat)))
            raise self.error(f"has {flat[place]} at index {place} of its {key}; expected finite numbers")
        flat.flags.writeable = False
        return flat


def _plain_numbers(value: object) -> np.ndarray | None:
    # Nested lists, which may contain themselves, are not passed to NumPy.
    if not isinstance(value, list | tuple) or any(type(item) not in (int, float, bool) for item in value):
        return None
    return np.array(value, dtype=np.float64)
