"""A network's arithmetic as a flat list of steps.

PyBrain walks over modules and connections at every activation and pushes numbers from buffer to buffer.
Here the walk is done once, after sorting; what remains is a list of steps, one per module, each of which
*pulls* its input together (:class:`Step.gather`) and turns it into the output. The sums are taken in
PyBrain's order, so the numbers are the same.

The intermediate values of a call live in that call's own list, never in the network: that makes it safe to
activate one network from several threads, and lets the same steps work on a matrix of rows at once. What a
single activation leaves in the modules' buffers is a copy, for ``backActivate`` and for curious readers.
"""

from __future__ import annotations

import numpy as np

from pybrain.structure.connections.full import FullConnection
from pybrain.structure.connections.shared import SharedFullConnection
from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.structure.modules.neuronlayer import NeuronLayer


class Step:
    """One module: where its input comes from, and how it answers.

    Attributes:
        module: the module.
        inputs: slice of the network's input that enters here, or None.
        outputs: slice of the network's output that leaves from here, or None.
        incoming: terms that arrive at this module in this time step.
        recurrent: terms that arrive from the time step before.
        outgoing: terms that leave this module in this time step.
        later: terms that leave for the next time step.
        gather: function (x, values) -> the input; ``values`` are the outputs so far.
        transfer: function of the input alone, or None where the module needs the time step.
    """

    def __init__(self, slot, module):
        self.slot = slot
        self.module = module
        self.inputs = None
        self.outputs = []
        self.incoming = []
        self.recurrent = []
        self.outgoing = []
        self.later = []
        self.gather = None
        self.transfer = _pureTransfer(module)


class Term:
    """One connection, seen from the steps at its two ends."""

    def __init__(self, connection, source, target):
        self.connection = connection
        self.source = source
        self.target = target
        inmod, outmod = connection.inmod, connection.outmod
        self.read = _sliceOrNone(connection.inSliceFrom, connection.inSliceTo, inmod.outdim)
        self.write = _sliceOrNone(connection.outSliceFrom, connection.outSliceTo, outmod.indim)
        self.fresh = True  # whether value() makes a new array that may be added to in place
        self.evaluate = connection._evaluate
        self.evaluateError = connection._evaluateError
        if type(connection) in (FullConnection, SharedFullConnection):
            shape = (connection.outdim, connection.indim)
            self.matrix = connection.params.reshape(shape)
            self.transposed = self.matrix.T
            self.derivs = connection.derivs.reshape(shape)
            self.evaluate = self._full
            self.evaluateError = self._fullError
            if type(inmod) is BiasUnit:
                self.fresh = False
                self.constant = connection.params
                self.derivs = connection.derivs
                self.evaluate = self._bias
                self.evaluateError = self._biasError
        else:
            self.fresh = False

    def value(self, values):
        """What this connection adds, given the outputs of this time step."""
        y = values[self.source]
        return self.evaluate(y if self.read is None else y[..., self.read])

    def valueBefore(self, t):
        """What this recurrent connection adds at step ``t``, given the outputs kept from step ``t - 1``."""
        y = self.connection.inmod.outputbuffer[t - 1]
        return self.evaluate(y if self.read is None else y[self.read])

    def addError(self, total, e, y):
        """Add to ``total``, the error of the source's output, what comes back; add to the derivatives."""
        back = self.evaluateError(
            e if self.write is None else e[..., self.write], y if self.read is None else y[..., self.read]
        )
        if self.read is None:
            total += back
        else:
            total[..., self.read] += back

    def _full(self, y):
        return y.dot(self.transposed)

    def _fullError(self, e, y):
        if e.ndim == 1:
            self.derivs += e[:, None] * y
        else:
            self.derivs += e.T.dot(y)
        return e.dot(self.matrix)

    def _bias(self, y):
        # W times the constant 1; a row of 1s gives the same row many times, which adding broadcasts.
        return self.constant

    def _biasError(self, e, y):
        self.derivs += e if e.ndim == 1 else e.sum(0)
        return 0.0


class CompiledNetwork:
    """The steps of one network, good as long as its structure and its parameter arrays stay the same.

    Args:
        net: a sorted network.
        recurrentConns: connections that carry over from one time step to the next.
    """

    def __init__(self, net, recurrentConns=()):
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
            step.gather = _gatherer(step)
        self._bound = _boundArrays(terms)
        self._row = [(s.slot, s.gather, s.transfer, s.module, s.recurrent) for s in self.steps]
        only = [s for s in self.steps if s.outputs]
        self._single = only[0].slot if len(only) == 1 and len(only[0].outputs) == 1 else None

    def _placeEnds(self, net, slots):
        start = 0
        for module in net.inmodules:
            self.steps[slots[module]].inputs = slice(start, start + module.indim)
            start += module.indim
        start = 0
        for module in net.outmodules:
            self.steps[slots[module]].outputs.append(slice(start, start + module.outdim))
            start += module.outdim

    def isCurrent(self):
        """Whether the parameter arrays that the steps use are still those of the connections."""
        for container, params in self._bound:  # noqa: SIM110, a plain loop costs half of all() per call
            if container._params is not params:
                return False
        return True

    # --- forward ---

    def activate(self, x, t=0):
        """The answer to one row at time step ``t``; leaves all values in the modules' buffers.

        Args:
            x: shape (indim,).
            t: row of the buffers; the rows before it are the past.

        Returns:
            A new array of shape (outdim,).
        """
        values = [None] * len(self.steps)
        for slot, gather, transfer, module, recurrent in self._row:
            a = gather(x, values)
            if recurrent and t:
                a = _withRecurrent(a, recurrent, t)
            y = module._evaluate(a, t, True) if transfer is None else transfer(a)
            values[slot] = y
            module.inputbuffer[t] = a
            module.outputbuffer[t] = y
        return self._collect(values, x)

    def activateRows(self, x, values=None, inputs=None):
        """The answers to many independent rows, at time step 0; touches no buffer.

        Args:
            x: shape (rows, indim).
            values: a list to fill with each module's output, for :meth:`backActivateRows`.
            inputs: a list to fill with each module's input.

        Returns:
            An array of shape (rows, outdim).
        """
        values = [] if values is None else values
        for step in self.steps:
            a = step.gather(x, values)
            values.append(step.module._evaluate(a, 0, False))
            if inputs is not None:
                inputs.append(a)
        return self._collect(values, x)

    def activateCut(self, x, t):
        """As :meth:`activate`, but no connection carries anything: PyBrain's nested networks after step 0."""
        values = []
        for step in self.steps:
            a = np.zeros(step.module.indim)
            if step.inputs is not None:
                a[:] = x[step.inputs]
            values.append(step.module._evaluate(a, t, True))
            step.module.inputbuffer[t] = a
            step.module.outputbuffer[t] = values[-1]
        return self._collect(values, x)

    def _collect(self, values, x):
        if self._single is not None:
            # A copy, because a linear layer hands its input on, and a caller may write into the answer.
            return values[self._single].copy()
        out = np.empty((*x.shape[:-1], self.outdim))
        for step in self.steps:
            for part in step.outputs:
                out[..., part] = values[step.slot]
        return out

    # --- backward ---

    def backActivate(self, outerr, t=0, last=True):
        """The input error for one row at time step ``t``, from what :meth:`activate` left in the buffers.

        Args:
            outerr: shape (outdim,).
            t: row of the buffers.
            last: whether no later time step has an error to pass back.

        Returns:
            A new array of shape (indim,). Derivatives are added up in the parameter containers.
        """
        inerr = np.zeros(self.indim)
        errors = [None] * len(self.steps)
        for step in reversed(self.steps):
            module = step.module
            y = module.outputbuffer[t]
            e = self._outputError(step, outerr, errors, y)
            if not last:
                for term in step.later:
                    term.addError(e, term.connection.outmod.inputerror[t + 1], y)
            back = module._evaluateError(e, y, module.inputbuffer[t], t)
            errors[step.slot] = back
            module.outputerror[t] = e
            module.inputerror[t] = back
            if step.inputs is not None:
                inerr[step.inputs] = back
        return inerr

    def backActivateRows(self, outerr, values, inputs):
        """The input errors for many rows; derivatives are summed over the rows.

        Args:
            outerr: shape (rows, outdim).
            values: as filled by :meth:`activateRows`.
            inputs: as filled by :meth:`activateRows`.

        Returns:
            An array of shape (rows, indim).
        """
        inerr = np.zeros((len(outerr), self.indim))
        errors = [None] * len(self.steps)
        for step in reversed(self.steps):
            y = values[step.slot]
            e = self._outputError(step, outerr, errors, np.broadcast_to(y, (len(outerr), y.shape[-1])))
            back = step.module._evaluateError(e, y, inputs[step.slot], 0)
            errors[step.slot] = back
            if step.inputs is not None:
                inerr[:, step.inputs] = back
        return inerr

    def _outputError(self, step, outerr, errors, y):
        e = np.zeros(y.shape)
        for part in step.outputs:
            e += outerr[..., part]
        for term in step.outgoing:
            term.addError(e, errors[term.target], y)
        return e


def _pureTransfer(module):
    """The transfer function where the module is one of neurons that need nothing else, else None."""
    cls = type(module)
    plain = (
        isinstance(module, NeuronLayer)
        and cls._forwardImplementation is NeuronLayer._forwardImplementation
        and cls._evaluate is NeuronLayer._evaluate
    )
    return module._transfer if plain else None


def _sliceOrNone(start, stop, width):
    """None for all of it, which saves taking a slice."""
    return None if start == 0 and stop == width else slice(int(start), int(stop))


def _boundArrays(terms):
    bound = {}
    for term in terms:
        mother = getattr(term.connection, "mother", None)
        container = term.connection if mother is None else mother
        if container.paramdim:
            bound[id(container)] = (container, container._params)
    return list(bound.values())


def _withRecurrent(a, recurrent, t):
    """The input ``a`` and what arrives from the time step before, as a new array."""
    a = a.copy()
    for term in recurrent:
        if term.write is None:
            a += term.valueBefore(t)
        else:
            a[term.write] += term.valueBefore(t)
    return a


def _gatherer(step):
    """The function that pulls the input of ``step`` together: (x, values) -> new array or a view."""
    terms = step.incoming
    if step.inputs is not None:
        return _gatherInput(step) if not terms else _gatherSum(step, terms)
    if not terms:
        return _gatherNothing(step.module.indim)
    if any(term.write is not None for term in terms):
        return _gatherSum(step, terms)
    # Adding two numbers gives the same either way round: begin with an array that may be added to.
    if len(terms) > 1 and not terms[0].fresh and terms[1].fresh:
        terms = [terms[1], terms[0], *terms[2:]]
    if not terms[0].fresh:
        return _gatherSum(step, terms)
    return _gatherWhole(terms)


def _gatherInput(step):
    part = step.inputs
    return lambda x, values: x[..., part]


def _gatherNothing(width):
    return lambda x, values: np.zeros((*x.shape[:-1], width))


def _gatherWhole(terms):
    first, others = terms[0], terms[1:]
    if first.read is None and first.evaluate == first._full:
        # The usual layer, W y + b, with as few calls as can be.
        source, transposed = first.source, first.transposed
        if not others:
            return lambda x, values: values[source].dot(transposed)
        if len(others) == 1 and others[0].evaluate == others[0]._bias:
            constant = others[0].constant

            def affine(x, values):
                a = values[source].dot(transposed)
                a += constant
                return a

            return affine

    def whole(x, values):
        a = first.value(values)
        for term in others:
            a += term.value(values)
        return a

    return whole


def _gatherSum(step, terms):
    width, part = step.module.indim, step.inputs

    def total(x, values):
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
