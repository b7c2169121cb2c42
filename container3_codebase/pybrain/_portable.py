"""Pickles that the original PyBrain can read, whichever NumPy writes them.

An array pickled under NumPy 2 names ``numpy._core``, which NumPy 1.23 (the newest that PyBrain itself runs
on) cannot import; protocol 5 names ``numpy._core.numeric._frombuffer``, which no NumPy 1 has. Python's
pickle looks a function up again under the name it is about to write, so the old name cannot be written for
NumPy's own function without changing NumPy. Instead the state that our objects hand to pickle holds each
array as an :class:`ArrayState`, which is written as a call of ``numpy.ndarray`` followed by the state that
``ndarray.__setstate__`` takes: both have had the same name and meaning since NumPy 1.0, at every protocol.
Only ``numpy.ndarray`` and ``numpy.dtype`` appear in the file, and what loads is an ordinary, writable array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


class ArrayState:
    """Represents one array inside a pickled state; never appears in a file itself."""

    __slots__ = ("array",)

    def __init__(self, array: Array) -> None:
        self.array = array

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Reduce to an empty ``numpy.ndarray`` and ``__setstate__((1, shape, dtype, fortran, data))``."""
        return np.ndarray, ((0,),), self.array.__reduce__()[2]

    def __deepcopy__(self, memo: dict[int, Any]) -> Array:
        import copy

        return copy.deepcopy(self.array, memo)


def portable(value: Any, _inside: tuple[int, ...] = ()) -> Any:
    """Return ``value`` with every array and NumPy scalar in it replaced by what any NumPy can load.

    Looks into lists, tuples, dictionaries and sets, and returns the same object if nothing had to be replaced, so
    that shared containers stay shared.

    Args:
        value: the value.
        _inside: ids of the containers around ``value``.
    """
    kind = type(value)
    if kind is np.ndarray:
        return ArrayState(value)
    if isinstance(value, np.generic):
        return value.item() if value.dtype.kind in "biufcSU" else value
    if kind not in (list, tuple, dict, set) or id(value) in _inside:
        return value
    _inside = (*_inside, id(value))
    if kind is dict:
        items: list[Any] = [(portable(k, _inside), portable(v, _inside)) for k, v in value.items()]
        unchanged = all(k is a and v is b for (k, v), (a, b) in zip(items, value.items(), strict=True))
    else:
        items = [portable(v, _inside) for v in value]
        unchanged = all(v is w for v, w in zip(items, value, strict=True))
    return value if unchanged else kind(items)


def unwrapped(value: Any) -> Any:
    """Invert :func:`portable`, for ``copy.copy``, which passes a state on without pickling it."""
    if type(value) is ArrayState:
        return value.array
    if type(value) is dict and any(type(v) in (ArrayState, dict, list, tuple) for v in value.values()):
        items: Any = {k: unwrapped(v) for k, v in value.items()}
        return items if any(items[k] is not value[k] for k in value) else value
    if type(value) in (list, tuple):
        items = [unwrapped(v) for v in value]
        return type(value)(items) if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


class PortableState:
    """Mixin: the pickled state is a plain, portable ``__dict__`` without values that can be recomputed.

    Attributes:
        _transient: names of attributes that never go into a file (caches, locks).
    """

    _transient: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        """Return the instance dictionary as PyBrain writes it."""
        transient = self._transient
        return {name: portable(value) for name, value in self.__dict__.items() if name not in transient}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a state written by any version of PyBrain, or by this library."""
        self.__dict__.update((name, unwrapped(value)) for name, value in state.items())
