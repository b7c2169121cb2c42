"""The return value of ``activate``: an array that can be used as a number if it has a single element.

Programs for PyBrain write ``float(net.activate(x))``, ``int(...)`` and ``"%.1f" % net.activate(x)`` for networks with
one output. NumPy 2.4 refuses to convert an array of shape (1,). Its scalars are printed as ``np.float64(0.5)``.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class OutputNumber(np.float64):
    """A ``numpy.float64`` that prints as an ordinary number, as do the numbers computed from it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return float.__repr__(self)

    def __str__(self) -> str:
        return float.__repr__(self)

    def __reduce__(self) -> Any:
        return float, (float(self),)


class Output(np.ndarray):
    """An array that converts to a number if it has one element, and prints its numbers as ordinary numbers.

    It is pickled as an ordinary array. Views and results of arithmetic are also of this class.

    Example:
        >>> output = np.array([0.25]).view(Output)
        >>> float(output), f"{output:.1f}", output[0], (output > 0).all()
        (0.25, '0.2', 0.25, True)
    """

    def __float__(self) -> float:
        return float(self._single())

    def __int__(self) -> int:
        return int(self._single())

    def __complex__(self) -> complex:
        return complex(self._single())

    def _single(self) -> Any:
        if self.size != 1:
            raise TypeError(
                f"only an array with one element can be converted to a number; this has shape {self.shape}"
            )
        return self.item()

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def __format__(self, spec: str) -> str:
        if spec and self.size == 1:
            return format(self.item(), spec)
        return super().__format__(spec)

    def argmax(self, *args: Any, **kwargs: Any) -> Any:
        """Return the index of the largest value; without an axis, as an ordinary number."""
        return _plain(super().argmax(*args, **kwargs))

    def argmin(self, *args: Any, **kwargs: Any) -> Any:
        """Return the index of the smallest value; without an axis, as an ordinary number."""
        return _plain(super().argmin(*args, **kwargs))

    def mean(self, *args: Any, **kwargs: Any) -> Any:
        """Return the mean, as :meth:`numpy.ndarray.mean` does."""
        return _plain(super().mean(*args, **kwargs))

    def dot(self, *args: Any, **kwargs: Any) -> Any:
        """Return the product, as :meth:`numpy.ndarray.dot` does."""
        return _plain(super().dot(*args, **kwargs))

    def round(self, *args: Any, **kwargs: Any) -> Any:
        """Return the rounded values, as :meth:`numpy.ndarray.round` does."""
        return np.asarray(self).round(*args, **kwargs).view(Output)

    def __getitem__(self, key: Any) -> Any:
        return _plain(super().__getitem__(key))

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return _plain(array[()]) if return_scalar else super().__array_wrap__(array, context, return_scalar)

    def __reduce__(self) -> Any:
        return np.asarray(self).__reduce__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return np.asarray(self).__reduce_ex__(protocol)


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as one that prints as an ordinary number; other values are unchanged."""
    kind = type(value)
    if kind is np.float64:
        return OutputNumber(value)
    if kind is np.bool_:
        return bool(value)
    return int(value) if kind is np.intp else value


def _printedPlainly(name: str) -> Callable[..., Any]:
    """Return the method of ``numpy.float64``, with results that print as ordinary numbers."""
    method = getattr(np.float64, name)

    @wraps(method)
    def computed(*args: Any) -> Any:
        return _plain(method(*args))

    return computed


for _name in (
    *("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__", "__rtruediv__"),
    *("__pow__", "__rpow__", "__mod__", "__rmod__", "__floordiv__", "__rfloordiv__"),
    *("__neg__", "__pos__", "__abs__", "__round__", "round"),
    *("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"),
):
    setattr(OutputNumber, _name, _printedPlainly(_name))
