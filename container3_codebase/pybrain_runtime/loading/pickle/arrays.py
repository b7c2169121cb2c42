"""Builds arrays, scalars and dtypes from the bytes of a pickle.

NumPy's functions for unpickling are not called, because they create arrays of any dtype and size. Only numeric dtypes
are supported: floats of 2, 4 or 8 bytes, integers of 1 to 8 bytes, and Booleans.
"""

from __future__ import annotations

from pybrain_runtime.errors import KnowledgeError, LimitExceeded, UnsafeKnowledge
from pybrain_runtime.io.printable import short_repr
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.values import ArrayValue, DtypeValue

_CODES = frozenset({"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})
_DIMENSIONS = 8


class ArrayBuilder:
    """Builds arrays, and counts their elements.

    Args:
        name: the name of the file, for messages.
        elements: maximum number of elements of all arrays together.
        budget: what is left of the limits.
    """

    def __init__(self, name: str, elements: int, budget: Budget) -> None:
        self.name = name
        self._budget = budget
        self.elements = elements
        self.limit = elements

    def dtype(self, code: object) -> DtypeValue:
        """Return the dtype of a code such as ``f8``.

        Raises:
            UnsafeKnowledge: the dtype is not numeric.
        """
        text = code if isinstance(code, str) and len(code) < 8 else ""
        order, bare = (text[0], text[1:]) if text[:1] in ("<", ">", "=", "|") else ("<", text)
        if bare not in _CODES:
            raise UnsafeKnowledge(
                f"{self.name} holds an array of type {short_repr(code, 40)}, which is not numeric; "
                "the file was not executed.",
                refused=short_repr(code, 40),
            )
        return DtypeValue(bare, ">" if order == ">" else "<")

    def set_order(self, value: DtypeValue, state: object) -> None:
        """Set the byte order of a dtype from its pickled state.

        Args:
            value: the dtype.
            state: its pickled state; structured dtypes are refused.
        """
        plain = isinstance(state, tuple) and len(state) >= 5 and state[1] in ("<", ">", "|", "=")
        if value.built or not plain or any(part is not None for part in state[2:5]):  # type: ignore[index]
            raise self._error("a structured dtype")
        value.order = ">" if state[1] == ">" else "<"  # type: ignore[index]
        value.built = True

    def fill(self, value: ArrayValue, state: object) -> None:
        """Set the content of an array from its pickled state.

        Args:
            value: the array.
            state: (version, shape, dtype, is Fortran order, bytes).
        """
        if value.filled or not isinstance(state, tuple) or len(state) != 5:
            raise self._error("an array with a state that is not NumPy's")
        _, shape, dtype, fortran, raw = state
        self._fill(value, raw, dtype, shape, "F" if fortran else "C")

    def build(self, raw: object, dtype: object, shape: object, order: object) -> ArrayValue:
        """Return an array.

        Args:
            raw: its bytes.
            dtype: its dtype.
            shape: its shape.
            order: memory order, ``C`` or ``F``.

        Raises:
            KnowledgeError: the shape does not fit the bytes, or exceeds the limit.
        """
        value = ArrayValue()
        self._fill(value, raw, dtype, shape, order)
        return value

    def _fill(self, value: ArrayValue, raw: object, dtype: object, shape: object, order: object) -> None:
        if not isinstance(shape, tuple) or len(shape) > _DIMENSIONS:
            raise self._error(f"an array whose shape is not a tuple of at most {_DIMENSIONS} integers")
        count = charged = 1
        for size in shape:
            if type(size) is not int or size < 0:
                raise self._error("an array whose shape has an item that is not a non-negative integer")
            count *= size
            charged *= size or 1
        self._charge(charged)
        if not isinstance(dtype, DtypeValue) or order not in ("C", "F"):
            raise self._error("an array without a type or order")
        data = raw if isinstance(raw, bytes) else self._encoded(raw)
        if count * dtype.itemsize != len(data):
            sizes = ", ".join(short_repr(size) for size in shape)
            raise self._error(f"an array of shape ({sizes}) and type {dtype.code} with {len(data)} bytes")
        value.fill(data, dtype.dtype, shape, "F" if order == "F" else "C")

    def _encoded(self, raw: object) -> bytes:
        # Python 2 writes the bytes of an array as a string; latin1 restores each byte.
        if not isinstance(raw, str):
            raise self._error("an array whose content is not bytes")
        self._budget.charge(len(raw))
        return raw.encode("latin1")

    def _charge(self, elements: int) -> None:
        self.elements -= elements
        if self.elements < 0:
            raise LimitExceeded(
                f"{self.name} exceeds the limit of {self.limit:,} array elements in total.",
                limit=self.limit,
            )

    def scalar(self, dtype: object, raw: object) -> float | int | bool:
        """Return a pickled NumPy scalar as a Python number.

        Args:
            dtype: its dtype.
            raw: its bytes.
        """
        array = self.build(raw, dtype, (1,), "C").array
        assert array is not None
        number: float | int | bool = array[0].item()
        return number

    def _error(self, what: str) -> KnowledgeError:
        return KnowledgeError(f"{self.name} is damaged: it holds {what}.")
