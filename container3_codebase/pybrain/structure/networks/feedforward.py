"""Networks without recurrence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.module import Module, inputSequences
from pybrain.structure.modules.output import Output
from pybrain.structure.networks.network import Network
from pybrain.structure.overrides import overridden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pybrain._typing import Array, ArrayLike
    from pybrain.structure.networks.compiled import CompiledNetwork


# A type checker sees the class that this one is always mixed into.
if TYPE_CHECKING:
    _Part = Network
else:
    _Part = object


class FeedForwardNetworkComponent(_Part):
    """Mixin for feed-forward networks: each output depends only on its own input."""

    # PyBrain's connections inside a nested network always work on the first row of the buffers, so that
    # inside a recurrent network it computes as if it had no input from the second time step on. Setting this
    # to True, on a network or on the class, restores those numbers.
    legacyNesting = False

    def __init__(self, name: str | None = None, **args: Any) -> None:
        pass

    def activate(self, inpt: ArrayLike) -> Array:
        """Run inference on one input; safe to call from several threads at once.

        Args:
            inpt: ``indim`` finite numbers (list, tuple or array; strings of numbers are accepted).

        Returns:
            A new array of shape (outdim,).

        Raises:
            ValueError: the number of values is wrong, or a value is not finite.
            NetworkConstructionException: the network is not sorted.
        """
        compiled = self._compiledNetwork()
        if compiled.ownMethods:
            self.offset = 0
            return Module.activate(self, inpt)
        row = self._checkedInput(inpt)
        if self.offset:
            self.offset = 0
        output = compiled.activate(row)
        self.inputbuffer[0] = row
        self.outputbuffer[0] = output
        return output.view(Output)


class FeedForwardNetwork(FeedForwardNetworkComponent, Network):
    """A network whose connections do not form a loop.

    Example:
        >>> from pybrain.structure import FeedForwardNetwork, FullConnection, LinearLayer, SigmoidLayer
        >>> net = FeedForwardNetwork()
        >>> inputs, hidden, outputs = LinearLayer(2), SigmoidLayer(3), LinearLayer(1)
        >>> net.addInputModule(inputs)
        >>> net.addModule(hidden)
        >>> net.addOutputModule(outputs)
        >>> net.addConnection(FullConnection(inputs, hidden))
        >>> net.addConnection(FullConnection(hidden, outputs))
        >>> net.sortModules()
        >>> net.activate([1, 2]).shape
        (1,)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        Network.__init__(self, *args, **kwargs)
        FeedForwardNetworkComponent.__init__(self, *args, **kwargs)

    def backActivate(self, outerr: ArrayLike) -> Array:
        """Propagate the error of the last output (target minus output) back to the input.

        Args:
            outerr: the output error, shape (outdim,).

        Returns:
            A new array of shape (indim,). Derivatives are added to ``derivs``.
        """
        compiled = self._compiledNetwork()
        if compiled.ownMethods:
            return Module.backActivate(self, outerr)
        error = self._checkedError(outerr)
        t = self.offset
        back = compiled.backActivate(error, t)
        self.outputerror[t] = error
        self.inputerror[t] = back
        return back

    def activateRows(self, rows: ArrayLike) -> Array:
        """Run inference on many inputs at once, without changing the buffers.

        Args:
            rows: finite numbers of shape (rows, indim).

        Returns:
            A new array of shape (rows, outdim).

        Raises:
            ValueError: the shape is wrong, or a value is not finite.
        """
        rows = self._checkedRows(rows)
        if self._rowsInOrder():
            return np.array([self.activate(row) for row in rows]).reshape(len(rows), self.outdim)
        return self._compiledNetwork().activateRows(rows)

    def activateOnDataset(self, dataset: Any) -> Array:
        """Run inference on all inputs of a data set at once; return the outputs, shape (samples, outdim)."""
        sequences = [sequence for sequence in inputSequences(dataset) if len(sequence)]
        if not sequences:
            return np.zeros((0, self.outdim)).view(Output)
        self.reset()
        rows = np.concatenate([np.asarray(s, dtype=np.float64) for s in sequences])
        return self.activateRows(rows).view(Output)

    def traceRows(self, rows: ArrayLike) -> tuple[Array, tuple[CompiledNetwork, list[Array], list[Array]]]:
        """Run :meth:`activateRows` and keep what :meth:`backActivateRows` needs.

        Args:
            rows: finite numbers of shape (rows, indim).

        Returns:
            (outputs of shape (rows, outdim), trace for :meth:`backActivateRows`).
        """
        rows = self._checkedRows(rows)
        values: list[Array] = []
        inputs: list[Array] = []
        compiled = self._compiledNetwork()
        return compiled.activateRows(rows, values, inputs), (compiled, values, inputs)

    def backActivateRows(
        self, outerr: ArrayLike, trace: tuple[CompiledNetwork, list[Array], list[Array]]
    ) -> Array:
        """Propagate the output errors of many rows back; add the derivatives of all rows to ``derivs``.

        Args:
            outerr: target minus output, shape (rows, outdim).
            trace: the trace that :meth:`traceRows` returned.

        Returns:
            A new array of shape (rows, indim).
        """
        compiled, values, inputs = trace
        return compiled.backActivateRows(np.asarray(outerr, dtype=np.float64), values, inputs)

    def _rowsTogether(self) -> bool:
        """Return whether rows depend neither on each other nor on their order, and no subclass computes differently."""
        return self.sorted and not self._rowsInOrder()

    def _rowsInOrder(self) -> bool:
        """Return whether rows must be computed one by one, because of random numbers or replaced methods."""
        if overridden(self, "activate", "backActivate") or self._hasOwnMethods():
            return True
        return any(getattr(m, "stochastic", False) for m in self._allModules())

    def _hasOwnMethods(self) -> bool:
        """Return whether the user's program has replaced methods of this network or of any of its nested parts."""
        compiled = self._compiledNetwork()
        return (
            compiled.ownMethods
            or compiled.ownParts
            or any(m._hasOwnMethods() for m in self.modulesSorted if isinstance(m, FeedForwardNetwork))
        )

    def _allModules(self) -> Iterator[Module]:
        for m in self.modulesSorted:
            yield m
            if isinstance(m, FeedForwardNetwork):
                yield from m._allModules()

    def _checkedRows(self, rows: ArrayLike) -> Array:
        rows = np.asarray(rows, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.indim:
            raise ValueError(
                f"{self._what()} takes rows of {self.indim} inputs; shape {rows.shape} was given"
            )
        if not np.isfinite(rows).all():
            at, column = np.argwhere(~np.isfinite(rows))[0]
            raise ValueError(
                f"row {at}, input {column} of {self._what()} is {rows[at, column]}; "
                "every input must be a finite number"
            )
        return rows

    # --- as a module of another network ---

    def _evaluate(self, x: Array, t: int, keep: bool) -> Array:
        compiled = self._compiledNetwork()
        if x.ndim == 2:
            return compiled.activateRows(x)
        if t and self.legacyNesting:
            return compiled.activateCut(x, t)
        return compiled.activate(x, t)

    def _evaluateError(self, e: Array, y: Array, x: Array, t: int) -> Array:
        compiled = self._compiledNetwork()
        if x.ndim == 2:
            values: list[Array] = []
            inputs: list[Array] = []
            compiled.activateRows(x, values, inputs)
            return compiled.backActivateRows(e, values, inputs)
        if t and self.legacyNesting:
            return np.zeros(self.indim)
        return compiled.backActivate(e, t)

    def _forwardImplementation(self, inbuf: Array, outbuf: Array) -> None:
        outbuf[:] = FeedForwardNetwork._evaluate(self, inbuf, self.offset, True)

    def _backwardImplementation(self, outerr: Array, inerr: Array, outbuf: Array, inbuf: Array) -> None:
        inerr[:] = self._evaluateError(outerr, outbuf, inbuf, self.offset)
