"""A connection: it carries the output of one module to the input of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.moduleslice import ModuleSlice
from pybrain.structure.overrides import NoticesReplacements
from pybrain.utilities import Named, abstractMethod

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pybrain._typing import Array
    from pybrain.structure.modules.module import Module


class Connection(NoticesReplacements, Named):
    """Adds a function of a slice of ``inmod``'s output to a slice of ``outmod``'s input.

    The connections of this library describe themselves by :meth:`_contribution` and
    :meth:`_contributionError`, which work on one row or many; networks call these directly. A subclass
    can do the same, or define PyBrain's ``_forwardImplementation`` and ``_backwardImplementation``.

    Args:
        inmod: the module, or :class:`ModuleSlice`, to read from.
        outmod: the module, or :class:`ModuleSlice`, to write to.
        name: name; generated if None.
        inSliceFrom: first output of ``inmod`` to read.
        inSliceTo: one past the last; None for all that remain.
        outSliceFrom: first input of ``outmod`` to write.
        outSliceTo: one past the last; None for all that remain.

    Attributes:
        indim: width of the slice that is read.
        outdim: width of the slice that is written.
        paramdim: number of parameters.

    Raises:
        ValueError: a slice is outside of its module.
    """

    inmod: Any = None
    outmod: Any = None
    inSliceFrom = 0
    inSliceTo: Any = None
    outSliceFrom = 0
    outSliceTo: Any = None
    paramdim = 0

    def __init__(
        self,
        inmod: Module | ModuleSlice,
        outmod: Module | ModuleSlice,
        name: str | None = None,
        inSliceFrom: int = 0,
        inSliceTo: int | None = None,
        outSliceFrom: int = 0,
        outSliceTo: int | None = None,
    ) -> None:
        self._name = name
        self.inSliceFrom, self.outSliceFrom = inSliceFrom, outSliceFrom
        self.inSliceTo = inmod.outdim if inSliceTo is None else inSliceTo
        self.outSliceTo = outmod.indim if outSliceTo is None else outSliceTo
        self._checkSlice("inSlice", self.inSliceFrom, self.inSliceTo, inmod, inmod.outdim, "outputs")
        self._checkSlice("outSlice", self.outSliceFrom, self.outSliceTo, outmod, outmod.indim, "inputs")
        if isinstance(inmod, ModuleSlice):
            self.inSliceFrom += inmod.outOffset
            self.inSliceTo += inmod.outOffset
            inmod = inmod.base
        if isinstance(outmod, ModuleSlice):
            self.outSliceFrom += outmod.inOffset
            self.outSliceTo += outmod.inOffset
            outmod = outmod.base
        self.inmod, self.outmod = inmod, outmod
        self.indim = self.inSliceTo - self.inSliceFrom
        self.outdim = self.outSliceTo - self.outSliceFrom
        self.setArgs(inmod=inmod, outmod=outmod)
        # Only values that differ from the default are recorded, because NetworkWriter writes these.
        if self.inSliceFrom > 0:
            self.setArgs(inSliceFrom=self.inSliceFrom)
        if self.outSliceFrom > 0:
            self.setArgs(outSliceFrom=self.outSliceFrom)
        if self.inSliceTo < inmod.outdim:
            self.setArgs(inSliceTo=self.inSliceTo)
        if self.outSliceTo < outmod.indim:
            self.setArgs(outSliceTo=self.outSliceTo)

    def _checkSlice(
        self, what: str, start: int, stop: int, module: Module | ModuleSlice, width: int, side: str
    ) -> None:
        if not 0 <= start <= stop <= width:
            raise ValueError(
                f"{what}From={start}, {what}To={stop} is not a slice of the {width} {side} of {module!r}"
            )

    # --- on the buffers of the two modules ---

    def forward(self, inOffset: int = 0, outOffset: int = 0) -> None:
        """Add the contribution of ``inmod``'s output to ``outmod``'s input, both in the module buffers.

        Args:
            inOffset: buffer row of the source.
            outOffset: buffer row of the target.
        """
        self._forwardImplementation(
            self.inmod.outputbuffer[inOffset, self.inSliceFrom : self.inSliceTo],
            self.outmod.inputbuffer[outOffset, self.outSliceFrom : self.outSliceTo],
        )

    def backward(self, inOffset: int = 0, outOffset: int = 0) -> None:
        """Propagate the error of ``outmod``'s input back, adding to ``inmod.outputerror`` and the derivatives.

        Args:
            inOffset: buffer row of the source.
            outOffset: buffer row of the target.
        """
        self._backwardImplementation(
            self.outmod.inputerror[outOffset, self.outSliceFrom : self.outSliceTo],
            self.inmod.outputerror[inOffset, self.inSliceFrom : self.inSliceTo],
            self.inmod.outputbuffer[inOffset, self.inSliceFrom : self.inSliceTo],
        )

    def _forwardImplementation(self, inbuf: Array, outbuf: Array) -> None:
        """Add the contribution of ``inbuf``, shape (indim,), to ``outbuf``, shape (outdim,)."""
        outbuf += self._contribution(inbuf)

    def _backwardImplementation(self, outerr: Array, inerr: Array, inbuf: Array) -> None:
        """Propagate ``outerr``, shape (outdim,), back to ``inerr``, shape (indim,), and to the derivatives."""
        inerr += self._contributionError(outerr, inbuf)

    # --- as functions of one or many rows, for networks ---

    def _contribution(self, y: Array) -> Array:
        """Return the contribution of ``y``, shape (..., indim), as shape (..., outdim). May be ``y`` itself."""
        abstractMethod()

    def _contributionError(self, e: Array, y: Array) -> Array:
        """Return the error of ``y``, shape (..., indim), for ``e``, shape (..., outdim); add to the derivatives."""
        abstractMethod()

    def _isPlain(self) -> bool:
        """Return whether :meth:`_contribution` suffices: nothing overrides ``_forwardImplementation``."""
        own = "_forwardImplementation" in vars(self)
        return not own and type(self)._forwardImplementation is Connection._forwardImplementation

    def _isPlainBackward(self) -> bool:
        own = "_backwardImplementation" in vars(self)
        return not own and type(self)._backwardImplementation is Connection._backwardImplementation

    def _evaluate(self, y: Array) -> Array:
        """Return :meth:`_contribution`, even if a subclass defines ``_forwardImplementation`` instead."""
        if self._isPlain():
            return self._contribution(y)
        out = np.zeros((*y.shape[:-1], self.outdim))
        for inbuf, outbuf in _rows(y, out):
            self._forwardImplementation(inbuf, outbuf)
        return out

    def _evaluateError(self, e: Array, y: Array) -> Array:
        """Return :meth:`_contributionError`, even if a subclass defines ``_backwardImplementation`` instead."""
        if self._isPlainBackward():
            return self._contributionError(e, y)
        inerr = np.zeros(y.shape)
        for outerr, back, inbuf in _rows(e, inerr, y):
            self._backwardImplementation(outerr, back, inbuf)
        return inerr

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {self.inmod.name!r} -> {self.outmod.name!r}>"


def _rows(*arrays: Any) -> Iterable[tuple[Array, ...]]:
    return [arrays] if arrays[0].ndim == 1 else zip(*arrays, strict=True)
