"""Long short-term memory.

Source of the recurrence: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997, with forget gates and
peepholes after Gers; which gate reads which state, and the layout, are PyBrain's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.module import Module
from pybrain.structure.modules.neuronlayer import NeuronLayer
from pybrain.structure.parametercontainer import ParameterContainer
from pybrain.tools.functions import sigmoid, sigmoidPrime, tanhPrime

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pybrain._typing import Array


class _Transfer:
    """A transfer function of a layer that cannot be replaced, because it is compiled into the steps."""

    def __init__(self, function: Callable[[Array], Array]) -> None:
        self._function = function

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, layer: object, owner: type | None = None) -> Callable[[Array], Array]:
        return self._function

    def __set__(self, layer: object, value: object) -> None:
        if value is not self._function:
            raise AttributeError(
                f"the transfer function {self._name} of an LSTMLayer cannot be replaced; "
                "write a subclass with its own _forwardImplementation and _backwardImplementation"
            )


class LSTMLayer(NeuronLayer, ParameterContainer):
    """A layer of ``dim`` memory cells; shape (4 dim,) to (dim,), with a state of shape (dim,) between steps.

    The input holds four blocks: input gate, forget gate, cell, output gate. With s(t) the state::

        i = sigmoid(x_i + p_i s(t-1))        f = sigmoid(x_f + p_f s(t-1))
        s(t) = i tanh(x_g) + f s(t-1)        o = sigmoid(x_o + p_o s(t))
        y = o tanh(s(t))

    At the first step there is no s(t-1), and the terms with it are absent. The p are the peephole weights.

    Args:
        dim: number of cells.
        peepholes: whether gates read the state; then there are 3 dim parameters, in the order
            input gate, forget gate, output gate.
        name: name; generated if None.
    """

    f, fprime = _Transfer(sigmoid), _Transfer(sigmoidPrime)
    g, gprime = _Transfer(np.tanh), _Transfer(tanhPrime)
    h, hprime = _Transfer(np.tanh), _Transfer(tanhPrime)
    sequential = True
    peepholes = False
    maxoffset = 0
    state: Array
    ingateError: Array
    outgateError: Array
    forgetgate: Array
    forgetgateError: Array
    stateError: Array

    def __init__(self, dim: int, peepholes: bool = False, name: str | None = None) -> None:
        self.setArgs(dim=dim, peepholes=peepholes)
        self.bufferlist = [
            (prefix + suffix, dim) for suffix in ("", "x") for prefix in ("ingate", "outgate", "forgetgate")
        ]
        self.bufferlist += [
            (buffer, dim)
            for buffer in ("state", "ingateError", "outgateError", "forgetgateError", "stateError")
        ]
        Module.__init__(self, 4 * dim, dim, name)
        if peepholes:
            ParameterContainer.__init__(self, 3 * dim)
            self._bindParameters(self._params)
            self._bindDerivatives(self._derivs)

    def _bindParameters(self, view: Array) -> None:
        d = self.dim
        self._params = view
        self.ingatePeepWeights = view[:d]
        self.forgetgatePeepWeights = view[d : 2 * d]
        self.outgatePeepWeights = view[2 * d :]

    def _bindDerivatives(self, view: Array) -> None:
        d = self.dim
        self._derivs = view
        self.ingatePeepDerivs = view[:d]
        self.forgetgatePeepDerivs = view[d : 2 * d]
        self.outgatePeepDerivs = view[2 * d :]

    def _trueParameters(self) -> Array:
        # The forward step reads these three, so they take precedence over other values in _params of a file.
        parts = (self.ingatePeepWeights, self.forgetgatePeepWeights, self.outgatePeepWeights)
        return self._checked(np.concatenate([np.asarray(p, float) for p in parts]), "parameters")

    def whichNeuron(self, inputIndex: int | None = None, outputIndex: int | None = None) -> Any:
        """Return the index of the cell that an input or output index belongs to.

        Args:
            inputIndex: index into the input; None to use ``outputIndex``.
            outputIndex: index into the output.
        """
        return outputIndex if inputIndex is None else inputIndex % self.dim

    # --- forward ---

    def _step(self, x: Array, before: Array | None) -> tuple[dict[str, Array], Array]:
        """Compute one step: the gates and states as a dictionary of arrays, and the output.

        Args:
            x: the input, shape (..., 4 dim).
            before: the state of the previous step, shape (..., dim), or None at the first step.
        """
        d = self.dim
        inx, forgetx, cell, outx = (x[..., k * d : (k + 1) * d] for k in range(4))
        peep = self.peepholes
        if before is not None and peep:
            inx = inx + self.ingatePeepWeights * before
            forgetx = forgetx + self.forgetgatePeepWeights * before
        ingate, forgetgate = sigmoid(inx), sigmoid(forgetx)
        state = ingate * np.tanh(cell)
        if before is not None:
            state = state + forgetgate * before
        if peep:
            outx = outx + self.outgatePeepWeights * state
        outgate = sigmoid(outx)
        inner = {
            "ingate": ingate,
            "outgate": outgate,
            "forgetgate": forgetgate,
            "ingatex": inx,
            "outgatex": outx,
            "forgetgatex": forgetx,
            "state": state,
        }
        return inner, outgate * np.tanh(state)

    def _evaluate(self, x: Array, t: int, keep: bool) -> Array:
        if x.ndim == 2 and t > 0:
            raise ValueError("rows of a sequence depend on each other; pass them one by one")
        inner, y = self._step(x, self.state[t - 1] if t > 0 else None)
        if keep:
            for name, value in inner.items():
                getattr(self, name)[t] = value
            self.maxoffset = max(self.maxoffset, t + 1)
        return y

    def _forwardImplementation(self, inbuf: Array, outbuf: Array) -> None:
        outbuf[:] = self._evaluate(inbuf, self.offset, True)

    # --- backward ---

    def _evaluateError(self, e: Array, y: Array, x: Array, t: int) -> Array:
        before = self.state[t - 1] if t > 0 else None
        inner, _ = self._step(x, before)
        d = self.dim
        state = inner["state"]
        ingate, forgetgate, outgate = inner["ingate"], inner["forgetgate"], inner["outgate"]
        cell = np.tanh(x[..., 2 * d : 3 * d])
        squashed = np.tanh(state)
        many = x.ndim == 2

        outgateError = outgate * (1 - outgate) * squashed * e
        stateError = e * outgate * (1 - squashed**2)
        if self.peepholes:
            stateError = stateError + outgateError * self.outgatePeepWeights
        if not many and t + 1 < len(self.state):
            # The error from the next step; rows that were never reached hold zeros.
            stateError = stateError + self.stateError[t + 1] * self.forgetgate[t + 1]
            if self.peepholes:
                stateError = stateError + self.ingateError[t + 1] * self.ingatePeepWeights
                stateError = stateError + self.forgetgateError[t + 1] * self.forgetgatePeepWeights
        ingateError = ingate * (1 - ingate) * cell * stateError
        cellError = ingate * (1 - cell**2) * stateError
        if before is None:
            forgetgateError = np.zeros_like(ingateError)
        else:
            forgetgateError = forgetgate * (1 - forgetgate) * stateError * before
        if self.peepholes:
            axes = tuple(range(x.ndim - 1))
            self.outgatePeepDerivs += (outgateError * state).sum(axes)
            if before is not None:
                self.ingatePeepDerivs += ingateError * before
                self.forgetgatePeepDerivs += forgetgateError * before
        if not many:
            self.ingateError[t] = ingateError
            self.outgateError[t] = outgateError
            self.forgetgateError[t] = forgetgateError
            self.stateError[t] = stateError
        return np.concatenate([ingateError, forgetgateError, cellError, outgateError], -1)

    def _backwardImplementation(self, outerr: Array, inerr: Array, outbuf: Array, inbuf: Array) -> None:
        inerr[:] = self._evaluateError(outerr, outbuf, inbuf, self.offset)
