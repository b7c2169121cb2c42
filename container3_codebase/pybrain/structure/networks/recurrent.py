"""Recurrent networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.module import Module
from pybrain.structure.modules.output import Output
from pybrain.structure.networks.network import Network

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array, ArrayLike
    from pybrain.structure.connections.connection import Connection
    from pybrain.structure.networks.session import Session


# A type checker sees the class that this one is always mixed into.
if TYPE_CHECKING:
    _Part = Network
else:
    _Part = object


class RecurrentNetworkComponent(_Part):
    """Mixin for recurrent networks: connections pass values on to the next time step.

    Attributes:
        recurrentConns: the connections from one time step to the next.
        forget: whether only the previous time step is kept. The outputs are the same and memory stays
            bounded, but errors cannot be propagated back.
        maxoffset: the number of time steps of the longest sequence so far.
    """

    sequential = True
    forget = False
    maxoffset = 0
    _wentBack = False

    def __init__(
        self, forget: bool | None = None, name: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        self.recurrentConns: list[Connection] = []
        self.maxoffset = 0
        self.forget = bool(forget)

    def addRecurrentConnection(self, c: Connection) -> None:
        """Add a connection whose input is the output of the previous time step.

        The modules may be added later; :meth:`sortModules` checks that they exist.
        """
        self._admit(c)
        self.recurrentConns.append(c)

    def activate(self, inpt: ArrayLike) -> Array:
        """Run inference on the next input of a sequence; :meth:`reset` begins a new sequence.

        Args:
            inpt: ``indim`` finite numbers (list, tuple or array; strings of numbers are accepted).

        Returns:
            A new array of shape (outdim,).

        Raises:
            ValueError: the number of values is wrong, or a value is not finite.
            NetworkConstructionException: the network is not sorted.
        """
        compiled = self._compiledNetwork()
        row = self._checkedInput(inpt)
        t = self.offset
        if compiled.ownMethods:
            if t + 1 >= len(self.inputbuffer):
                self._ensureRows(t + 2)
            self.inputbuffer[t] = row
            self.forward()
            return self.outputbuffer[self.offset - 1].copy().view(Output)
        if self._wentBack:
            self._dropErrors(t)
        if t + 1 >= len(self.inputbuffer):
            self._ensureRows(t + 2)
        output = compiled.activate(row, t)
        self.inputbuffer[t] = row
        self.outputbuffer[t] = output
        if self.maxoffset <= t:
            self.__dict__["maxoffset"] = t + 1
        self._setOffset(t + 1)
        if self.forget and t == 1:
            self.shift(-1)
        return output.view(Output)

    def backActivate(self, outerr: ArrayLike) -> Array:
        """Go back one time step: propagate its output error back to its input.

        Call it once per activation, in reverse order; errors are propagated back through time.

        Args:
            outerr: the output error (target minus output), shape (outdim,).

        Returns:
            A new array of shape (indim,). Derivatives are added to ``derivs``.

        Raises:
            ValueError: there is no step left to propagate back through, or ``forget`` is set.
        """
        error = self._checkedError(outerr)
        if self.forget:
            raise ValueError(
                f"{self._what()} keeps no history (forget=True), so it cannot backpropagate through time"
            )
        if self.offset < 1:
            raise ValueError(
                f"{self._what()} has no time step left to propagate back through: call activate first"
            )
        if self._compiledNetwork().ownMethods:
            self.outputerror[self.offset - 1] = error
            self.backward()
            return self.inputerror[self.offset].copy()
        self.offset -= 1
        self._wentBack = True
        t = self.offset
        self.outputerror[t] = error
        self.inputerror[t] = self._back(error, t)
        return self.inputerror[t].copy()

    def _back(self, error: Array, t: int) -> Array:
        return self._compiledNetwork().backActivate(error, t, last=t + 1 >= len(self.inputbuffer))

    def _dropErrors(self, t: int) -> None:
        """Clear the errors of steps that are now overwritten, so that they do not reach earlier steps."""
        self._wentBack = False
        for m in self.modules:
            for name, _ in m.bufferlist:
                if "rror" in name:
                    getattr(m, name)[t:] = 0.0

    def reset(self) -> None:
        """Begin a new sequence: all buffers to zero, back to the first time step."""
        Network.reset(self)
        self._wentBack = False

    def session(self) -> Session:
        """Return an inference session: this network's weights with a separate recurrent state; see :class:`Session`."""
        from pybrain.structure.networks.session import Session

        return Session(self)

    def forward(self) -> None:
        """Compute the time step at ``offset`` from its input row, and advance to the next one."""
        t = self.offset
        if t + 1 >= len(self.inputbuffer):
            self._ensureRows(t + 2)
        Network.forward(self)
        self.maxoffset = max(self.maxoffset, t + 1)
        self.offset = t + 1
        if self.forget and t == 1:
            self.shift(-1)

    def backward(self) -> None:
        """Go back one time step: propagate the error in its row of ``outputerror`` back to its input."""
        if self.offset < 1:
            raise ValueError(
                f"{self._what()} has no time step left to propagate back through: call activate first"
            )
        self.offset -= 1
        self._wentBack = True
        Network.backward(self)

    def _evaluate(self, x: Array, t: int, keep: bool) -> Array:
        if x.ndim == 2:
            # As a module of a feed-forward network: every row is a first time step.
            return np.array([self._compiledNetwork().activate(row) for row in x]).reshape(len(x), self.outdim)
        return self._compiledNetwork().activate(x, t)

    def _evaluateError(self, e: Array, y: Array, x: Array, t: int) -> Array:
        if x.ndim == 2:
            return Module._evaluateError(self, e, y, x, t)
        return self._back(e, t)

    def _forwardImplementation(self, inbuf: Array, outbuf: Array) -> None:
        outbuf[:] = self._evaluate(inbuf, self.offset, True)

    def _backwardImplementation(self, outerr: Array, inerr: Array, outbuf: Array, inbuf: Array) -> None:
        inerr[:] = self._evaluateError(outerr, outbuf, inbuf, self.offset)

    def sortModules(self) -> None:
        """Sort as :meth:`Network.sortModules` does; recurrent connections come last, by name."""
        if self.sorted:
            return
        Network.sortModules(self)

    def _extraConnections(self) -> list[Connection]:
        return self.recurrentConns

    def __str__(self) -> str:
        return f"{Network.__str__(self)}   Recurrent Connections:\n    {self.recurrentConns}"


class RecurrentNetwork(RecurrentNetworkComponent, Network):
    """A network in which connections may lead back, with a delay of one time step.

    Example:
        >>> from pybrain.structure import FullConnection, LinearLayer, RecurrentNetwork, SigmoidLayer
        >>> net = RecurrentNetwork()
        >>> inputs, hidden, outputs = LinearLayer(2), SigmoidLayer(3), LinearLayer(1)
        >>> net.addInputModule(inputs)
        >>> net.addModule(hidden)
        >>> net.addOutputModule(outputs)
        >>> net.addConnection(FullConnection(inputs, hidden))
        >>> net.addConnection(FullConnection(hidden, outputs))
        >>> net.addRecurrentConnection(FullConnection(hidden, hidden))
        >>> net.sortModules()
        >>> first, second = net.activate([1, 2]), net.activate([1, 2])
        >>> net.reset()
        >>> bool(net.activate([1, 2]) == first)
        True

    Args:
        forget: see :class:`RecurrentNetworkComponent`.
        name: name; generated if None.
        **kwargs: options of the class.
    """

    _transient = (*Network._transient, "_wentBack")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        forget = kwargs.pop("forget", None)
        Network.__init__(self, *args, **kwargs)
        RecurrentNetworkComponent.__init__(self, forget, *args, **kwargs)
