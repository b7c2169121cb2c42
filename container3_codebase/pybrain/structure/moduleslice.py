"""A part of a module that can be connected like a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.utilities import Named

if TYPE_CHECKING:
    from typing import Any

    from pybrain.structure.modules.module import Module


class ModuleSlice(Named):
    """A slice of a module's input and one of its output.

    Args:
        base: the module, or another slice.
        inSliceFrom: first input that belongs to the slice.
        inSliceTo: one past the last; None for all that remain.
        outSliceFrom: first output that belongs to the slice.
        outSliceTo: one past the last; None for all that remain.

    Attributes:
        base: the module itself, even for a slice of a slice.
        indim: width of the input slice.
        outdim: width of the output slice.
        inOffset: first input, counted in ``base``.
        outOffset: first output, counted in ``base``.

    Raises:
        ValueError: a slice is outside of the module.
    """

    base: Any
    indim: int
    outdim: int
    inOffset = 0
    outOffset = 0

    def __init__(
        self,
        base: Module | ModuleSlice,
        inSliceFrom: int = 0,
        inSliceTo: int | None = None,
        outSliceFrom: int = 0,
        outSliceTo: int | None = None,
    ) -> None:
        inSliceTo = base.indim if inSliceTo is None else inSliceTo
        outSliceTo = base.outdim if outSliceTo is None else outSliceTo
        for start, stop, width, side in (
            (inSliceFrom, inSliceTo, base.indim, "inputs"),
            (outSliceFrom, outSliceTo, base.outdim, "outputs"),
        ):
            if not 0 <= start <= stop <= width:
                raise ValueError(f"{start}:{stop} is not a slice of the {width} {side} of {base!r}")
        self.inOffset, self.outOffset = inSliceFrom, outSliceFrom
        self.indim = inSliceTo - inSliceFrom
        self.outdim = outSliceTo - outSliceFrom
        if isinstance(base, ModuleSlice):
            self.inOffset += base.inOffset
            self.outOffset += base.outOffset
            base = base.base
        self.base = base
        self.name = (
            f"{base.name}-slice:({self.inOffset},{self.inOffset + self.indim})"
            f"({self.outOffset},{self.outOffset + self.outdim})"
        )
