"""A network's arithmetic as a flat list of steps.

PyBrain walks over modules and connections at every activation and pushes numbers from buffer to buffer.
Here this is done once, after sorting; what remains is a list of steps, one per module, each of which
*gathers* its input (:class:`Step.gather`) and turns it into the output. The sums are taken in
PyBrain's order, so the numbers are the same.

The intermediate values of a call are in that call's own list, never in the network: that makes it safe to
activate one network from several threads, and allows the same steps to work on a matrix of rows at once. A
single activation leaves copies in the modules' buffers, for ``backActivate`` and for inspection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.networks.steps import Step, Term
from pybrain.structure.overrides import STEP_METHODS, Replacements, overridden

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from pybrain._typing import Array
    from pybrain.structure.connections.connection import Connection
    from pybrain.structure.modules.module import Module


class CompiledNetwork:
    """The steps of one network, valid as long as its structure and its parameter arrays stay the same.

    Args:
        net: a sorted network.
        recurrentConns: connections from one time step to the next.

    Attributes:
        ownMethods: whether the user's program has replaced methods of the network itself.
        ownParts: whether the user's program has replaced methods of a module or connection.
    """

    def __init__(self, net: Any, recurrentConns: Iterable[Connection] = ()) -> None:
        self.indim = net.indim
        self.outdim = net.outdim
        slots = {module: slot for slot, module in enumerate(net.modulesSorted)}
        self.steps = [Step(slot, module) for module, slot in slots.items()]
        self._placeEnds(net, slots)
        terms = []
        for module in net.modulesSorted:
            for connection in net.connections[module]:
                term = Term(connection, slots[module], slots[connection.outmod])
                self.steps[term.source].outgoing.append(term)
                self.steps[term.target].incoming.append(term)
                terms.append(term)
        for connection in recurrentConns:
            term = Term(connection, slots[connection.inmod], slots[connection.outmod])
            self.steps[term.source].later.append(term)
            self.steps[term.target].recurrent.append(term)
            terms.append(term)
        for step in self.steps:
            step.prepare()
        self._bound = _boundArrays(terms)
        self._replacements = Replacements.count
        self.ownMethods = overridden(net, *STEP_METHODS)
        self.ownParts = any(step.ownMethods for step in self.steps) or any(term.ownMethods for term in terms)
        self._row = [(s.slot, s.gather, s.transfer, s.module, s.recurrent, s.evaluate) for s in self.steps]
        only = [s for s in self.steps if s.outputs]
        self._single = only[0].slot if len(only) == 1 and len(only[0].outputs) == 1 else None

    def _placeEnds(self, net: Any, slots: dict[Module, int]) -> None:
        start = 0
        for module in net.inmodules:
            self.steps[slots[module]].inputs = slice(start, start + module.indim)
            start += module.indim
        start = 0
        for module in net.outmodules:
            self.steps[slots[module]].outputs.append(slice(start, start + module.outdim))
            start += module.outdim

    def isCurrent(self) -> bool:
        """Return whether the steps still use the parameter arrays and the methods of modules and connections."""
        if self._replacements != Replacements.count:
            return False
        for container, params in self._bound:  # noqa: SIM110, a plain loop costs half of all() per call
            if container._params is not params:
                return False
        return True

    # --- forward ---

    def activate(self, x: Array, t: int = 0) -> Array:
        """Run inference on one row at time step ``t``; store all values in the modules' buffers.

        Args:
            x: the input, shape (indim,).
            t: buffer row; the rows before it are the past.

        Returns:
            A new array of shape (outdim,).
        """
        values: list[Any] = [None] * len(self.steps)
        for slot, gather, transfer, module, recurrent, evaluate in self._row:
            a = gather(x, values)
            if recurrent and t:
                a = _withRecurrent(a, recurrent, t)
            y = evaluate(a, t, True) if transfer is None else transfer(a)
            values[slot] = y
            module.inputbuffer[t] = a
            module.outputbuffer[t] = y
        return self._collect(values, x)

    def activateRows(
        self, x: Array, values: list[Array] | None = None, inputs: list[Array] | None = None
    ) -> Array:
        """Run inference on many independent rows, at time step 0, without changing the buffers.

        Args:
            x: the inputs, shape (rows, indim).
            values: a list to fill with each module's output, for :meth:`backActivateRows`.
            inputs: a list to fill with each module's input.

        Returns:
            An array of shape (rows, outdim).
        """
        values = [] if values is None else values
        for step in self.steps:
            a = step.gather(x, values)
            values.append(step.evaluate(a, 0, False))
            if inputs is not None:
                inputs.append(a)
        return self._collect(values, x)

    def activateCut(self, x: Array, t: int) -> Array:
        """Run :meth:`activate` without any connection, as PyBrain computes nested networks after step 0.

        Args:
            x: the input, shape (indim,).
            t: buffer row.
        """
        values = []
        for step in self.steps:
            a = np.zeros(step.module.indim)
            if step.inputs is not None:
                a[:] = x[step.inputs]
            values.append(step.evaluate(a, t, True))
            step.module.inputbuffer[t] = a
            step.module.outputbuffer[t] = values[-1]
        return self._collect(values, x)

    def _collect(self, values: Sequence[Any], x: Array) -> Array:
        if self._single is not None:
            # A copy, because a linear layer returns its input, and a caller may write into the output.
            return values[self._single].copy()
        out = np.empty((*x.shape[:-1], self.outdim))
        for step in self.steps:
            for part in step.outputs:
                out[..., part] = values[step.slot]
        return out

    # --- backward ---

    def backActivate(self, outerr: Array, t: int = 0, last: bool = True) -> Array:
        """Compute the input error of one row at time step ``t`` from the buffers that :meth:`activate` filled.

        Args:
            outerr: the output error, shape (outdim,).
            t: buffer row.
            last: whether no later time step has an error to propagate back.

        Returns:
            A new array of shape (indim,). Derivatives are accumulated in the parameter containers.
        """
        inerr = np.zeros(self.indim)
        errors: list[Any] = [None] * len(self.steps)
        for step in reversed(self.steps):
            module = step.module
            y = module.outputbuffer[t]
            e = self._outputError(step, outerr, errors, y)
            if not last:
                for term in step.later:
                    term.addError(e, term.connection.outmod.inputerror[t + 1], y, 1)
            back = step.evaluateError(e, y, module.inputbuffer[t], t)
            errors[step.slot] = back
            module.outputerror[t] = e
            module.inputerror[t] = back
            if step.inputs is not None:
                inerr[step.inputs] = back
        return inerr

    def backActivateRows(self, outerr: Array, values: list[Array], inputs: list[Array]) -> Array:
        """Compute the input errors of many rows; sum the derivatives over the rows.

        Args:
            outerr: the output errors, shape (rows, outdim).
            values: the list filled by :meth:`activateRows`.
            inputs: the list filled by :meth:`activateRows`.

        Returns:
            An array of shape (rows, indim).
        """
        inerr = np.zeros((len(outerr), self.indim))
        errors: list[Any] = [None] * len(self.steps)
        for step in reversed(self.steps):
            y = values[step.slot]
            e = self._outputError(step, outerr, errors, y)
            back = step.evaluateError(e, y, inputs[step.slot], 0)
            errors[step.slot] = back
            if step.inputs is not None:
                inerr[:, step.inputs] = back
        return inerr

    def _outputError(self, step: Step, outerr: Array, errors: Sequence[Any], y: Array) -> Array:
        e = np.zeros(y.shape)
        for part in step.outputs:
            e += outerr[..., part]
        for term in step.outgoing:
            term.addError(e, errors[term.target], y)
        return e


def _boundArrays(terms: Iterable[Term]) -> list[tuple[Any, Array]]:
    bound = {}
    for term in terms:
        mother = getattr(term.connection, "mother", None)
        container = term.connection if mother is None else mother
        if container.paramdim:
            bound[id(container)] = (container, container._params)
    return list(bound.values())


def _withRecurrent(a: Array, recurrent: Iterable[Term], t: int) -> Array:
    """Return the input ``a`` plus the recurrent contributions of the previous time step, as a new array."""
    a = a.copy()
    for term in recurrent:
        if term.write is None:
            a += term.valueBefore(t)
        else:
            a[term.write] += term.valueBefore(t)
    return a
