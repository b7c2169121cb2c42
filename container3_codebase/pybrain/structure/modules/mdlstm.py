"""Long short-term memory along several dimensions.

Source of the recurrence: A. Graves, "Supervised Sequence Labelling with Recurrent Neural Networks", chapter
on multidimensional networks; the layout is PyBrain's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.module import Module
from pybrain.structure.modules.neuronlayer import NeuronLayer
from pybrain.structure.moduleslice import ModuleSlice
from pybrain.structure.parametercontainer import ParameterContainer
from pybrain.tools.functions import sigmoid, sigmoidPrime, tanhPrime

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


class MDLSTMLayer(NeuronLayer, ParameterContainer):
    """``dim`` memory cells whose input includes the states of their predecessors along D dimensions.

    Input, shape ((3 + 2 D) dim,): blocks input gate (dim), forget gates (D dim), cell (dim), output gate
    (dim), states of the predecessors L_1 .. L_D (D dim). Output, shape (2 dim,): y (dim), state s (dim)::

        i = sigmoid(x_i + sum_k p_i L_k)      f_k = sigmoid(x_fk + p_fk L_k)
        s = i tanh(x_g) + sum_k f_k L_k       o = sigmoid(x_o + p_o s)          y = o tanh(s)

    No state is kept between calls: the states are passed through connections.

    Args:
        dim: number of cells.
        dimensions: number of predecessors, D.
        peepholes: whether gates read the states; then there are (2 + D) dim parameters, in the order
            input gate, forget gates, output gate.
        name: name; generated if None.
    """

    peepholes = False
    dimensions = 1
    maxoffset = 0

    def __init__(
        self, dim: int, dimensions: int = 1, peepholes: bool = False, name: str | None = None
    ) -> None:
        self.setArgs(dim=dim, peepholes=peepholes, dimensions=dimensions)
        wide = dim * dimensions
        self.bufferlist = [
            (prefix + suffix, width)
            for suffix in ("", "x")
            for prefix, width in (("ingate", dim), ("outgate", dim), ("forgetgate", wide))
        ]
        self.bufferlist += [
            ("state", dim),
            ("ingateError", dim),
            ("outgateError", dim),
            ("forgetgateError", wide),
            ("stateError", dim),
        ]
        Module.__init__(self, (3 + 2 * dimensions) * dim, 2 * dim, name)
        if peepholes:
            ParameterContainer.__init__(self, (2 + dimensions) * dim)
            self._bindParameters(self._params)
            self._bindDerivatives(self._derivs)

    # The three functions of the cell: gates, squashing of the cell's input, squashing of the state.

    def f(self, x: Array) -> Array:
        """Compute the function of the gates: sigmoid."""
        return sigmoid(x)

    def fprime(self, x: Array) -> Array:
        """Compute the derivative of :meth:`f`."""
        return sigmoidPrime(x)

    def g(self, x: Array) -> Array:
        """Compute the function of the cell's input: tanh."""
        return np.tanh(x)

    def gprime(self, x: Array) -> Array:
        """Compute the derivative of :meth:`g`."""
        return tanhPrime(x)

    def h(self, x: Array) -> Array:
        """Compute the function of the state: tanh."""
        return np.tanh(x)

    def hprime(self, x: Array) -> Array:
        """Compute the derivative of :meth:`h`."""
        return tanhPrime(x)

    def meatSlice(self) -> ModuleSlice:
        """Return the slice without the states: gates and cell as input, y as output."""
        return ModuleSlice(self, 0, (3 + self.dimensions) * self.dim, 0, self.dim)

    def stateSlice(self) -> ModuleSlice:
        """Return the slice with the states: those of the predecessors as input, the new one as output."""
        return ModuleSlice(self, (3 + self.dimensions) * self.dim, self.indim, self.dim, self.outdim)

    def whichNeuron(self, inputIndex: Any = None, outputIndex: Any = None) -> Any:
        """Return the index of the cell that an input or output index belongs to.

        Args:
            inputIndex: index into the input; None to use ``outputIndex``.
            outputIndex: index into the output.
        """
        return (outputIndex if inputIndex is None else inputIndex) % self.dim

    def _bindParameters(self, view: Array) -> None:
        d = self.dim
        self._params = view
        self.ingatePeepWeights = view[:d]
        self.forgetgatePeepWeights = view[d : -d or None]
        self.outgatePeepWeights = view[-d:]

    def _bindDerivatives(self, view: Array) -> None:
        d = self.dim
        self._derivs = view
        self.ingatePeepDerivs = view[:d]
        self.forgetgatePeepDerivs = view[d : -d or None]
        self.outgatePeepDerivs = view[-d:]

    def _trueParameters(self) -> Array:
        # The forward step reads these three, so they take precedence over other values in _params of a file.
        parts = (self.ingatePeepWeights, self.forgetgatePeepWeights, self.outgatePeepWeights)
        return self._checked(np.concatenate([np.asarray(p, float) for p in parts]), "parameters")

    # --- forward ---

    def _split(self, x: Array) -> tuple[Array, Array, Array, Array, Array]:
        """Return the blocks of the input; forget gates and predecessors have shape (..., D, dim)."""
        d, wide = self.dim, self.dim * self.dimensions
        ends = np.cumsum([d, wide, d, d, wide])
        inx, forgetx, cell, outx, before = (x[..., a:b] for a, b in zip([0, *ends], ends, strict=False))
        return inx, self._stacked(forgetx), cell, outx, self._stacked(before)

    def _stacked(self, wide: Array) -> Array:
        return wide.reshape(*wide.shape[:-1], self.dimensions, self.dim)

    def _step(self, x: Array) -> tuple[Array, Array, Array, Array, Array, Array, Array]:
        inx, forgetx, cell, outx, before = self._split(x)
        if self.peepholes:
            inx = inx + self.ingatePeepWeights * before.sum(-2)
            forgetx = forgetx + self._stacked(self.forgetgatePeepWeights) * before
        ingate, forgetgate = self.f(inx), self.f(forgetx)
        state = ingate * self.g(cell) + (forgetgate * before).sum(-2)
        if self.peepholes:
            outx = outx + self.outgatePeepWeights * state
        return inx, forgetx, outx, ingate, forgetgate, self.f(outx), state

    def _evaluate(self, x: Array, t: int, keep: bool) -> Array:
        inx, forgetx, outx, ingate, forgetgate, outgate, state = self._step(x)
        if keep:
            inner = (ingate, outgate, forgetgate, inx, outx, forgetx, state)
            for (name, width), value in zip(self.bufferlist, inner, strict=False):
                getattr(self, name)[t] = value.reshape(width)
            self.maxoffset = max(self.maxoffset, t + 1)
        return np.concatenate([outgate * self.h(state), state], -1)

    def _forwardImplementation(self, inbuf: Array, outbuf: Array) -> None:
        outbuf[:] = self._evaluate(inbuf, self.offset, True)

    # --- backward ---

    def _evaluateError(self, e: Array, y: Array, x: Array, t: int) -> Array:
        d = self.dim
        inx, forgetx, outx, ingate, forgetgate, outgate, state = self._step(x)
        _, _, cell, _, before = self._split(x)
        squashed = self.h(state)
        outgateError = self.fprime(outx) * squashed * e[..., :d]
        stateError = e[..., :d] * outgate * self.hprime(state) + e[..., d:]
        if self.peepholes:
            stateError = stateError + outgateError * self.outgatePeepWeights
        ingateError = self.fprime(inx) * self.g(cell) * stateError
        cellError = ingate * self.gprime(cell) * stateError
        forgetError = self.fprime(forgetx) * stateError[..., None, :] * before
        beforeError = forgetgate * stateError[..., None, :]
        if self.peepholes:
            beforeError = beforeError + forgetError * self._stacked(self.forgetgatePeepWeights)
            beforeError = beforeError + (ingateError * self.ingatePeepWeights)[..., None, :]
            axes = tuple(range(x.ndim - 1))
            self.outgatePeepDerivs += (outgateError * state).sum(axes)
            self.ingatePeepDerivs += (ingateError * before.sum(-2)).sum(axes)
            self.forgetgatePeepDerivs += (forgetError * before).sum(axes).reshape(-1)
        wide = (*x.shape[:-1], d * self.dimensions)
        blocks = [ingateError, forgetError.reshape(wide), cellError, outgateError, beforeError.reshape(wide)]
        return np.concatenate(blocks, -1)

    def _backwardImplementation(self, outerr: Array, inerr: Array, outbuf: Array, inbuf: Array) -> None:
        inerr[:] = self._evaluateError(outerr, outbuf, inbuf, self.offset)
