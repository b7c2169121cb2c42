"""What a pickle becomes while it is read: inert values, none of which can do anything.

Numbers, strings, bytes, tuples, lists, dicts and sets stand for themselves. The classes here stand for the
rest. Instances are compared and hashed by identity, as PyBrain's modules are, so that they can be members
of sets and keys of dicts before their state is known.
"""

from __future__ import annotations

import numpy as np

from .names import Global


class Instance:
    """An object of a class on the list: its class, what it was made with, and its attributes.

    Attributes:
        cls: the entry of the class; the class itself is never looked up.
        args: what it was called with (data sets only; else empty).
        state: its attributes by name; empty until they have been read.
        built: whether the attributes have been read.
    """

    __slots__ = ("args", "built", "cls", "state")

    def __init__(self, cls: Global, args: tuple[object, ...] = ()) -> None:
        self.cls = cls
        self.args = args
        self.state: dict[str, object] = {}
        self.built = False

    @property
    def kind(self) -> str:
        """The class name."""
        return self.cls.name

    def __repr__(self) -> str:
        return f"<a {self.kind} out of a file>"


class ArrayValue:
    """An array out of a file: a promise until its state comes, then a read-only NumPy array."""

    __slots__ = ("array",)

    def __init__(self, array: np.ndarray | None = None) -> None:
        self.array = array


class DtypeValue:
    """The type of an array: a letter for the kind, bytes per element, byte order."""

    __slots__ = ("built", "code", "order")

    def __init__(self, code: str, order: str = "<") -> None:
        self.code = code
        self.order = order
        self.built = False

    @property
    def dtype(self) -> np.dtype:
        """The NumPy type, in the byte order of the file."""
        return np.dtype(self.order + self.code)
