"""Detects whether the user's program has replaced a method of this library, in a subclass or on one object.

Networks compute through compiled steps, which do not call such methods. If there is one, they call it on the buffers
instead, as PyBrain does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

# The methods that PyBrain calls on the parts of a network.
STEP_METHODS = ("forward", "backward", "_forwardImplementation", "_backwardImplementation")
_METHODS = frozenset((*STEP_METHODS, "activate", "backActivate"))


class Replacements:
    """Counts replaced and restored methods of all objects, after which compiled networks are compiled again."""

    count = 0


class NoticesReplacements:
    """Base class of modules and connections: setting one of their methods on an object is recorded."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _METHODS:
            Replacements.count += 1
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name in _METHODS:
            Replacements.count += 1
        object.__delattr__(self, name)


def overridden(part: Any, *names: str) -> bool:
    """Return whether any of these methods was defined outside this library.

    Args:
        part: a module or connection.
        *names: names of methods.
    """
    own = vars(part)
    return any(name in own or not isOfLibrary(getattr(type(part), name, None)) for name in names)


def isOfLibrary(method: Any) -> bool:
    """Return whether a method was defined in this library."""
    return str(getattr(method, "__module__", "")).startswith("pybrain.")
