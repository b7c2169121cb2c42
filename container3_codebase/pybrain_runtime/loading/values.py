"""The inert values that pickles are read into.

Numbers, strings, bytes, tuples, lists, dicts and sets are Python's own. The classes here represent all other objects.
Instances are compared and hashed by identity, as PyBrain's modules are, so that they can be members of sets and keys
of dicts before their state is known.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from pybrain_runtime.network.allow_list import Global

Order = Literal["C", "F"]


class Instance:
    """An object of a class on the allow-list.

    Attributes:
        cls: the allow-list entry of its class; the class itself is never imported.
        args: the arguments of the constructor, of data sets only.
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
        return f"<a {self.kind} from a file>"


class ArrayValue:
    """An array from a file. Its content is set after its creation.

    Most arrays are buffers that are not used, so the NumPy array is created at first use.
    """

    __slots__ = ("_array", "_state")

    def __init__(self, array: np.ndarray | None = None) -> None:
        self._array = array
        self._state: tuple[bytes, str, tuple[int, ...], Order] | None = None

    @property
    def filled(self) -> bool:
        """Whether the content of the array is known."""
        return self._array is not None or self._state is not None

    @property
    def numeric(self) -> bool:
        """Whether the content of the array is known and numeric."""
        return self._state is not None or (self._array is not None and self._array.dtype.kind in "fiub")

    @property
    def size(self) -> int:
        """Number of elements; 0 while the content is not known. The array is not created."""
        if self._state is not None:
            return math.prod(self._state[2])
        return self._array.size if self._array is not None else 0

    def fill(self, data: bytes, dtype: str, shape: tuple[int, ...], order: Order) -> None:
        """Set the content.

        Args:
            data: the bytes, as many as shape and dtype need.
            dtype: NumPy's name of the dtype, ``<f8``.
            shape: the shape.
            order: memory order, ``C`` or ``F``.
        """
        self._state = data, dtype, shape, order

    @property
    def array(self) -> np.ndarray | None:
        """The read-only array in native byte order; None while its content is not known."""
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
    """The dtype of an array.

    Attributes:
        code: kind and bytes per element, ``f8``.
        itemsize: bytes per element.
        order: ``<`` or ``>``.
        built: whether the byte order has been read.
    """

    __slots__ = ("built", "code", "itemsize", "order")

    def __init__(self, code: str, order: str = "<") -> None:
        self.code = code
        self.itemsize = int(code[1:])
        self.order = order
        self.built = False

    @property
    def dtype(self) -> str:
        """NumPy's name of the dtype, in the byte order of the file: ``<f8``."""
        return self.order + self.code
