"""Keyword arguments that become attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class KWArgDsc:
    """Describes one keyword argument.

    Args:
        name: its name.
        private: store it under `_name`.
        default: its value where it is not given; without one it must be given.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        unknown = set(kwargs) - {"private", "default"}
        if unknown:
            raise KeyError(f"unknown options {sorted(unknown)}; known are 'private' and 'default'")
        self.name = name
        self.private = kwargs.get("private", False)
        if "default" in kwargs:
            self.default = kwargs["default"]

    def hasDefault(self) -> bool:
        """Tell whether the argument may be left out."""
        return hasattr(self, "default")


class KWArgsProcessor:
    """Sets attributes of an object from keyword arguments.

    Args:
        obj: receives the attributes.
        kwargs: the arguments as they were given.
    """

    def __init__(self, obj: object, kwargs: dict[str, Any]) -> None:
        self._object = obj
        self._kwargs = kwargs

    def add(self, name: str, **kwargs: Any) -> None:
        """Set one attribute from its argument or its default; options as for `KWArgDsc`.

        Raises:
            KeyError: the argument is needed and was not given.
        """
        described = KWArgDsc(name, **kwargs)
        if name not in self._kwargs and not described.hasDefault():
            raise KeyError(f"the argument {name!r} is required")
        value = self._kwargs[name] if name in self._kwargs else described.default  # noqa: SIM401, it may be absent
        setattr(self._object, f"_{name}" if described.private else name, value)
