"""The steps of a compiled network: one per module, and one term per connection between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.connections.full import FullConnection
from pybrain.structure.connections.shared import SharedFullConnection
from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.structure.modules.neuronlayer import NeuronLayer
from pybrain.structure.overrides import STEP_METHODS, overridden

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, SupportsIndex

    from pybrain._typing import Array
    from pybrain.structure.connections.connection import Connection
    from pybrain.structure.modules.module import Module


class Step:
    """One module: where its input comes from, and how its output is computed.

    Attributes:
        slot: the position of the module in the order of computation.
        module: the module.
        inputs: slice of the network's input that enters this module, or None.
        outputs: slice of the network's output that this module provides, or None.
        incoming: terms that arrive at this module in this time step.
        recurrent: terms that arrive from the previous time step.
        outgoing: terms that leave this module in this time step.
        later: terms that leave for the next time step.
        ownMethods: whether the user's program has replaced methods of the module.
        evaluate: function (x, t, keep) -> output, see ``Module._evaluate``.
        evaluateError: function (e, y, x, t) -> error of the input, see ``Module._evaluateError``.
        gather: function (x, values) -> the input; ``values`` are the outputs so far.
        transfer: function of the input alone, or None if the module needs the time step.
    """

    def __init__(self, slot: int, module: Module) -> None:
        self.slot = slot
        self.module = module
        self.inputs: slice | None = None
        self.outputs: list[slice] = []
        self.incoming: list[Term] = []
        self.recurrent: list[Term] = []
        self.outgoing: list[Term] = []
        self.later: list[Term] = []
        self.gather: Any = None
        self.ownMethods = overridden(module, *STEP_METHODS)
        self.evaluate = self._evaluateByMethods if self.ownMethods else module._evaluate
        self.evaluateError = self._evaluateErrorByMethods if self.ownMethods else module._evaluateError
        self.transfer = None if self.ownMethods else _pureTransfer(module)

    def _evaluateByMethods(self, x: Array, t: int, keep: bool) -> Array:
        module: Any = self.module
        if x.ndim == 2:
            return np.array([module._evaluateByMethods(row, t) for row in x]).reshape(len(x), module.outdim)
        return np.asarray(module._evaluateByMethods(x, t))

    def _evaluateErrorByMethods(self, e: Array, y: Array, x: Array, t: int) -> Array:
        module: Any = self.module
        if x.ndim == 2:
            rows = [module._evaluateErrorByMethods(*row, t) for row in zip(e, y, x, strict=True)]
            return np.array(rows).reshape(len(x), module.indim)
        return np.asarray(module._evaluateErrorByMethods(e, y, x, t))

    def prepare(self) -> None:
        """Create :attr:`gather`, once all terms are known."""
        self.gather = _gatherer(self)


class Term:
    """One connection, seen from the steps at its two ends."""

    def __init__(self, connection: Any, source: int, target: int) -> None:
        self.connection = connection
        self.source = source
        self.target = target
        inmod, outmod = connection.inmod, connection.outmod
        self.read = _sliceOrNone(connection.inSliceFrom, connection.inSliceTo, inmod.outdim)
        self.write = _sliceOrNone(connection.outSliceFrom, connection.outSliceTo, outmod.indim)
        self.addError: Any = self._addError
        self.fresh = True  # whether value() returns a new array that may be added to in place
        self.evaluate = connection._evaluate
        self.evaluateError = connection._evaluateError
        self.ownMethods = overridden(connection, *STEP_METHODS)
        self._ownForward = overridden(connection, "forward")
        if overridden(connection, "backward"):
            self.addError = self._addWalkedError
        if self.ownMethods:
            self.fresh = False
        elif type(connection) in (FullConnection, SharedFullConnection):
            shape = (connection.outdim, connection.indim)
            self.matrix = connection.params.reshape(shape)
            self.transposed = self.matrix.T
            self.derivs = connection.derivs.reshape(shape)
            self.evaluate = self._full
            self.evaluateError = self._fullError
            if type(inmod) is BiasUnit and connection.indim == 1:
                self.fresh = False
                self.constant = connection.params
                self.derivs = connection.derivs
                self.evaluate = self._bias
                self.evaluateError = self._biasError
        else:
            self.fresh = False

    def value(self, values: Sequence[Any]) -> Array:
        """Return the value that this connection adds, given the outputs of this time step."""
        if self._ownForward:
            t = self.connection.outmod.offset
            return self._walk(t, t)
        y = values[self.source]
        return self.evaluate(y if self.read is None else y[..., self.read])

    def valueBefore(self, t: int) -> Array:
        """Return the value that this recurrent connection adds at step ``t``, from the outputs of step ``t - 1``."""
        if self._ownForward:
            return self._walk(t - 1, t)
        y = self.connection.inmod.outputbuffer[t - 1]
        return self.evaluate(y if self.read is None else y[self.read])

    def _walk(self, before: int, t: int) -> Array:
        """Return the value that a connection with its own ``forward`` adds to the buffer at step ``t``."""
        connection = self.connection
        part = slice(connection.outSliceFrom, connection.outSliceTo)
        return _added(connection.outmod.inputbuffer[t], part, lambda: connection.forward(before, t))

    def _walkBack(self, t: int, after: int) -> Array:
        """Return the error that a connection with its own ``backward`` propagates back to step ``t``."""
        connection = self.connection
        part = slice(connection.inSliceFrom, connection.inSliceTo)
        return _added(connection.inmod.outputerror[t], part, lambda: connection.backward(t, after))

    def _addError(self, total: Array, e: Array, y: Array, after: int = 0) -> None:
        """Propagate an error back to ``total``, the error of the source's output, and to the derivatives.

        Args:
            total: error of the source's output, shape (..., outdim).
            e: error of the target's input.
            y: output of the source.
            after: number of time steps by which the target is later than the source.
        """
        back = self.evaluateError(
            e if self.write is None else e[..., self.write], y if self.read is None else y[..., self.read]
        )
        if self.read is None:
            total += back
        else:
            total[..., self.read] += back

    def _addWalkedError(self, total: Array, e: Array, y: Array, after: int = 0) -> None:
        t = self.connection.inmod.offset
        total[..., slice(None) if self.read is None else self.read] += self._walkBack(t, t + after)

    def _full(self, y: Array) -> Array:
        return y.dot(self.transposed)

    def _fullError(self, e: Array, y: Array) -> Array:
        if e.ndim == 1:
            self.derivs += e[:, None] * y
        else:
            self.derivs += e.T.dot(y)
        return e.dot(self.matrix)

    def _bias(self, y: Array) -> Array:
        # W times the constant 1; for many rows of ones the result is the same row, which addition broadcasts.
        return self.constant

    def _biasError(self, e: Array, y: Array) -> Any:
        self.derivs += e if e.ndim == 1 else e.sum(0)
        return 0.0


def _added(row: Array, part: slice, call: Callable[[], None]) -> Array:
    """Return the value that a call adds to a part of a buffer row, and leave the row unchanged."""
    kept = row.copy()
    row[:] = 0.0
    call()
    added = row[part].copy()
    row[:] = kept
    return added


def _pureTransfer(module: Any) -> Callable[[Array], Array] | None:
    """Return the transfer function of a layer that depends only on its input, else None."""
    cls = type(module)
    plain = (
        isinstance(module, NeuronLayer)
        and cls._forwardImplementation is NeuronLayer._forwardImplementation
        and cls._evaluate is NeuronLayer._evaluate
    )
    return module._transfer if plain else None


def _sliceOrNone(start: SupportsIndex, stop: SupportsIndex, width: SupportsIndex) -> slice | None:
    """Return the slice, or None for the whole width, which saves slicing."""
    return None if start == 0 and stop == width else slice(int(start), int(stop))


def _gatherer(step: Step) -> Callable[[Array, Sequence[Any]], Array]:
    """Return the function that gathers the input of ``step``: (x, values) -> new array or a view."""
    terms = step.incoming
    if step.inputs is not None:
        return _gatherInput(step) if not terms else _gatherSum(step, terms)
    if not terms:
        return _gatherNothing(step.module.indim)
    if any(term.write is not None for term in terms):
        return _gatherSum(step, terms)
    # Addition is commutative: begin with an array that may be added to in place.
    if len(terms) > 1 and not terms[0].fresh and terms[1].fresh:
        terms = [terms[1], terms[0], *terms[2:]]
    if not terms[0].fresh:
        return _gatherSum(step, terms)
    return _gatherWhole(terms)


def _gatherInput(step: Step) -> Callable[[Array, Sequence[Any]], Array]:
    part = step.inputs
    return lambda x, values: x[..., part]


def _gatherNothing(width: int) -> Callable[[Array, Sequence[Any]], Array]:
    return lambda x, values: np.zeros((*x.shape[:-1], width))


def _gatherWhole(terms: list[Term]) -> Callable[[Array, Sequence[Any]], Array]:
    first, others = terms[0], terms[1:]
    if first.read is None and first.evaluate == first._full:
        # The usual layer, W y + b, with as few calls as possible.
        source, transposed = first.source, first.transposed
        if not others:
            return lambda x, values: values[source].dot(transposed)
        if len(others) == 1 and others[0].evaluate == others[0]._bias:
            constant = others[0].constant

            def affine(x: Array, values: Sequence[Any]) -> Array:
                a = values[source].dot(transposed)
                a += constant
                return a

            return affine

    def whole(x: Array, values: Sequence[Any]) -> Array:
        a = first.value(values)
        for term in others:
            a += term.value(values)
        return a

    return whole


def _gatherSum(step: Step, terms: list[Term]) -> Callable[[Array, Sequence[Any]], Array]:
    width, part = step.module.indim, step.inputs

    def total(x: Array, values: Sequence[Any]) -> Array:
        a = np.zeros((*x.shape[:-1], width))
        if part is not None:
            a += x[..., part]
        for term in terms:
            if term.write is None:
                a += term.value(values)
            else:
                a[..., term.write] += term.value(values)
        return a

    return total
