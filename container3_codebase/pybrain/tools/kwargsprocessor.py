"""Keyword arguments that become attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class KWArgDsc:
    """Describes one keyword argument.

    Args:
        name: its name.
        private: whether to store it as `_name`.
        default: its default value; without one, the argument is required.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        unknown = set(kwargs) - {"private", "default"}
        if unknown:
            raise KeyError(f"unknown options {sorted(unknown)}; expected 'private' or 'default'")
        self.name = name
        self.private = kwargs.get("private", False)
        if "default" in kwargs:
            self.default = kwargs["default"]

    def hasDefault(self) -> bool:
        """Return whether the argument has a default value."""
        return hasattr(self, "default")


class KWArgsProcessor:
    """Sets attributes of an object from keyword arguments.

    Args:
        obj: receives the attributes.
        kwargs: the arguments as given.
    """

    def __init__(self, obj: object, kwargs: dict[str, Any]) -> None:
        self._object = obj
        self._kwargs = kwargs

    def add(self, name: str, **kwargs: Any) -> None:
        """Set one attribute from its argument or its default; the options are those of `KWArgDsc`.

        Raises:
            KeyError: the argument is required and was not given.
        """
        described = KWArgDsc(name, **kwargs)
        if name not in self._kwargs and not described.hasDefault():
            raise KeyError(f"the argument {name!r} is required")
        value = self._kwargs[name] if name in self._kwargs else described.default  # noqa: SIM401, it may be absent
        setattr(self._object, f"_{name}" if described.private else name, value)
