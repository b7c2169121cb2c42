"""A layer that only the ``arac`` extension of PyBrain ever computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.modules.module import Module
from pybrain.structure.modules.neuronlayer import NeuronLayer
from pybrain.structure.parametercontainer import ParameterContainer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, NoReturn

    from pybrain._typing import Array


class MdrnnLayer(NeuronLayer, ParameterContainer):
    """The sizes and parameters of a multidimensional recurrent layer; it cannot be activated.

    PyBrain itself has no forward step for it; it relied on ``arac``, which no longer exists. Use
    :class:`pybrain.structure.networks.multidimensional.MultiDimensionalRNN`, which unfolds the recurrence.

    Args:
        timedim: number of dimensions of the data.
        shape: number of entries along each dimension.
        hiddendim: number of hidden neurons per block.
        outsize: number of outputs per block.
        blockshape: shape of a block; if None, one entry.
        name: name; generated if None.
    """

    timedim = 1
    shape: tuple[int, ...] = ()
    hiddendim = 1
    outsize = 1
    blockshape: Any = None

    def __init__(
        self,
        timedim: int,
        shape: Sequence[int],
        hiddendim: int,
        outsize: int,
        blockshape: Sequence[int] | None = None,
        name: str | None = None,
    ) -> None:
        shape = tuple(shape)
        blockshape = tuple([1] * timedim if blockshape is None else blockshape)
        if len(shape) != timedim or len(blockshape) != timedim:
            raise ValueError(f"{timedim} dimensions, but shape {shape} and blockshape {blockshape}")
        self.timedim, self.shape, self.blockshape = timedim, shape, blockshape
        self.hiddendim, self.outsize = hiddendim, outsize
        size, block = _product(shape), _product(blockshape)
        if any(n % b for n, b in zip(shape, blockshape, strict=True)):
            raise ValueError(f"shape {shape} cannot be divided into blocks of {blockshape}")
        self.indim, self.blocksize, self.sequenceLength = size, block, size // block
        Module.__init__(self, size, size // block * outsize, name)
        widths = [hiddendim * n for n in (block, hiddendim * timedim, outsize, 1)]
        self._ends = [sum(widths[: k + 1]) for k in range(4)]
        ParameterContainer.__init__(self, sum(widths))

    def inParams(self) -> Array:
        """Return the parameters from a block to the hidden neurons."""
        return self.params[: self._ends[0]]

    def predParams(self) -> Array:
        """Return the parameters from the predecessors to the hidden neurons."""
        return self.params[self._ends[0] : self._ends[1]]

    def outParams(self) -> Array:
        """Return the parameters from the hidden neurons to the outputs."""
        return self.params[self._ends[1] : self._ends[2]]

    def biasParams(self) -> Array:
        """Return the biases of the hidden neurons."""
        return self.params[self._ends[2] :]

    def _xmlArguments(self) -> dict[str, Any]:
        names = ("timedim", "shape", "hiddendim", "outsize", "blockshape")
        return {"name": self._name} | {name: getattr(self, name) for name in names}

    def _transfer(self, x: Array) -> NoReturn:
        raise NotImplementedError("an MdrnnLayer cannot be activated; use MultiDimensionalRNN")

    def _transferError(self, e: Array, y: Array, x: Array) -> NoReturn:
        raise NotImplementedError("an MdrnnLayer cannot be activated; use MultiDimensionalRNN")


def _product(numbers: Iterable[int]) -> int:
    result = 1
    for n in numbers:
        result *= int(n)
    return result
