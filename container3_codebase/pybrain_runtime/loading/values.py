"""What a pickle becomes while it is read: inert values, none of which can do anything.

Numbers, strings, bytes, tuples, lists, dicts and sets stand for themselves. The classes here stand for the
rest. Instances are compared and hashed by identity, as PyBrain's modules are, so that they can be members
of sets and keys of dicts before their state is known.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from pybrain_runtime.network.allow_list import Global

Order = Literal["C", "F"]


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
    """An array out of a file: a promise until its state comes, then bytes whose shape has been checked.

    Most of them are buffers that nobody looks at, so the array is made when it is first asked for.
    """

    __slots__ = ("_array", "_state")

    def __init__(self, array: np.ndarray | None = None) -> None:
        self._array = array
        self._state: tuple[bytes, str, tuple[int, ...], Order] | None = None

    @property
    def filled(self) -> bool:
        """Whether its content is known."""
        return self._array is not None or self._state is not None

    @property
    def numeric(self) -> bool:
        """Whether its content is known, and is numbers."""
        return self._state is not None or (self._array is not None and self._array.dtype.kind in "fiub")

    @property
    def size(self) -> int:
        """How many numbers it has, without making the array; 0 while its content is not known."""
        if self._state is not None:
            return math.prod(self._state[2])
        return self._array.size if self._array is not None else 0

    def fill(self, data: bytes, dtype: str, shape: tuple[int, ...], order: Order) -> None:
        """Take the content: as many bytes as the shape and the type (``<f8``) need."""
        self._state = data, dtype, shape, order

    @property
    def array(self) -> np.ndarray | None:
        """The read-only array in the machine's own byte order; None while its content is not known."""
        if self._array is None and self._state is not None:
            data, name, shape, order = self._state
            dtype = np.dtype(name)
            array = np.frombuffer(data, dtype) if data else np.zeros(0, dtype)
            if not dtype.isnative:
                array = array.astype(dtype.newbyteorder("="))
            if len(shape) != 1:
                array = array.reshape(shape, order=order)
            array.flags.writeable = False
            self._array = array
        return self._array


class DtypeValue:
    """The type of an array: a letter for the kind, bytes per element, byte order.

    Attributes:
        code: kind and bytes, ``f8``.
        itemsize: bytes per element.
        order: ``<`` or ``>``.
        built: whether the order has been read.
    """

    __slots__ = ("built", "code", "itemsize", "order")

    def __init__(self, code: str, order: str = "<") -> None:
        self.code = code
        self.itemsize = int(code[1:])
        self.order = order
        self.built = False

    @property
    def dtype(self) -> str:
        """NumPy's name of the type, in the byte order of the file: ``<f8``."""
        return self.order + self.code
