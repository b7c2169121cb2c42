"""A module of neurons, described by a transfer function of one or many rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.modules.module import Module
from pybrain.utilities import abstractMethod

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


class NeuronLayer(Module):
    """A layer of ``dim`` neurons.

    The layers of this library describe themselves by two functions without side effects,
    :meth:`_transfer` and :meth:`_transferError`; networks call these directly. A subclass can do
    the same, or define PyBrain's ``_forwardImplementation`` and ``_backwardImplementation`` instead.

    Args:
        dim: number of neurons; input and output both have this width.
        name: name; generated if None.
    """

    dim = 0

    def __init__(self, dim: int, name: str | None = None) -> None:
        Module.__init__(self, dim, dim, name=name)
        self.setArgs(dim=dim)

    def whichNeuron(self, inputIndex: int | None = None, outputIndex: int | None = None) -> Any:
        """Return the index of the neuron that an input or output index belongs to.

        Args:
            inputIndex: index into the input; None to use ``outputIndex``.
            outputIndex: index into the output.
        """
        return outputIndex if inputIndex is None else inputIndex

    def _transfer(self, x: Array) -> Array:
        """Compute the output, shape (..., outdim), for ``x`` of shape (..., indim)."""
        abstractMethod()

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        """Compute the input error, shape (..., indim), from output error ``e``, output ``y`` and input ``x``."""
        abstractMethod()

    def _forwardImplementation(self, inbuf: Array, outbuf: Array) -> None:
        outbuf[:] = self._transfer(inbuf)

    def _backwardImplementation(self, outerr: Array, inerr: Array, outbuf: Array, inbuf: Array) -> None:
        inerr[:] = self._transferError(outerr, outbuf, inbuf)

    def _evaluate(self, x: Array, t: int, keep: bool) -> Array:
        if type(self)._forwardImplementation is not NeuronLayer._forwardImplementation:
            return Module._evaluate(self, x, t, keep)
        return self._transfer(x)

    def _evaluateError(self, e: Array, y: Array, x: Array, t: int) -> Array:
        if type(self)._backwardImplementation is not NeuronLayer._backwardImplementation:
            return Module._evaluateError(self, e, y, x, t)
        return self._transferError(e, y, x)
