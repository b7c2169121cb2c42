"""What all networks have in common: building, sorting, and one vector of parameters."""

from __future__ import annotations

import threading

import numpy as np

from pybrain.structure.modules.module import Module
from pybrain.structure.networks.compiled import CompiledNetwork
from pybrain.structure.parametercontainer import ParameterContainer
from pybrain.utilities import nameAll


class NetworkConstructionException(Exception):
    """The modules and connections do not make up a network that can be computed."""


class Network(Module, ParameterContainer):
    """Modules and connections, and one flat vector of all their parameters.

    Add modules, add connections, then call :meth:`sortModules`. The layout of ``params`` is: for each module
    in the order of computation its own parameters (peepholes, standard deviations, nested networks) and then
    those of its outgoing connections by name; then the mother connections by name; then the recurrent
    connections by name.

    Args:
        name: name; made up where none is given.
        **args: options of the class.

    Attributes:
        modules: the set of modules.
        modulesSorted: the modules in the order of computation.
        connections: module -> list of the connections that leave it.
        inmodules: input modules; the network's input is split among them in this order.
        outmodules: output modules; their outputs make up the network's in this order.
        motherconnections: holders of shared parameters.
        sorted: whether :meth:`sortModules` has been called since the last change.
    """

    # What a file need not hold, because it can be computed again.
    _transient = ("_compiled", "_linked", "_preferredOrder")
    _compiled = None
    _preferredOrder = None
    _linked = False

    sorted = False
    modulesSorted = None

    def __init__(self, name=None, **args):
        self._name = name
        self.setArgs(**args)
        self.modules = set()
        self.modulesSorted = []
        self.connections = {}
        self.inmodules = []
        self.outmodules = []
        self.motherconnections = []
        self.sorted = False
        self.paramdim = 0

    # --- building ---

    def addModule(self, m):
        """Add a module that is neither input nor output.

        Raises:
            NetworkConstructionException: another module of the same name is already there.
        """
        self._add(m)

    def addInputModule(self, m):
        """Add ``m``, where it is not there yet, and let it receive the next ``m.indim`` inputs."""
        self._add(m)
        if m not in self.inmodules:
            self.inmodules.append(m)

    def addOutputModule(self, m):
        """Add ``m``, where it is not there yet; its outputs are the next ``m.outdim`` of the network."""
        self._add(m)
        if m not in self.outmodules:
            self.outmodules.append(m)

    def _add(self, m):
        if isinstance(m, type):
            raise NetworkConstructionException(f"{m.__name__} is a class; add an object: {m.__name__}(size)")
        if m is self:
            raise NetworkConstructionException(f"{self.name!r} cannot be a module of itself")
        if m not in self.modules:
            if m._name is not None and any(other._name == m._name for other in self.modules):
                raise NetworkConstructionException(
                    f"network {self.name!r} already has a module named {m._name!r}; rename this one"
                )
            self.modules.add(m)
            self._structureChanged()
        self.connections.setdefault(m, [])

    def addConnection(self, c):
        """Add a connection between two modules of this network.

        Raises:
            NetworkConstructionException: one of the two modules has not been added.
        """
        self._checkEnds(c)
        self.connections[c.inmod].append(c)
        mother = getattr(c, "mother", None)
        if mother is not None and mother not in self.motherconnections:
            self.motherconnections.append(mother)
        self._structureChanged()

    def _checkEnds(self, c):
        for m in (c.inmod, c.outmod):
            if m not in self.modules:
                raise NetworkConstructionException(
                    f"{c!r}: module {m.name!r} is not in network {self.name!r}; add it first"
                )

    def _structureChanged(self):
        self.sorted = False
        self._compiled = None
        self._linked = False

    def __getitem__(self, name):
        """The module of that name, or None."""
        for m in self.modules:
            if m.name == name:
                return m
        return None

    # --- sorting ---

    def sortModules(self):
        """Bring the modules into an order of computation, and the parameters into one vector.

        Does nothing where the network is sorted already. Modules without incoming connections come first,
        by name; then each module as soon as all that it needs is there.

        Raises:
            NetworkConstructionException: the connections form a loop, or the network has no input or output.
        """
        if self.sorted:
            return
        if not self.inmodules or not self.outmodules:
            missing = "input" if not self.inmodules else "output"
            raise NetworkConstructionException(f"network {self.name!r} has no {missing} module")
        nameAll(list(self.connections))
        nameAll([c for m in self.connections for c in self.connections[m]] + self._extraConnections())
        nameAll(self.motherconnections)
        self.modulesSorted = self._computationOrder()
        if self._preferredOrder is not None:
            self.modulesSorted = self._reordered(self._preferredOrder)
        for m in self.modules:
            self.connections[m].sort(key=_byName)
        self.motherconnections.sort(key=_byName)
        self._setDimensions(sum(m.indim for m in self.inmodules), sum(m.outdim for m in self.outmodules))
        self.setArgs(name=self.name)
        self.sorted = True
        self._relink()
        # PyBrain draws this many random numbers here and throws them away. So do we: the same seed then gives
        # each connection, also of the networks built later, the same weights.
        np.random.randn(self.paramdim)
        self.offset = 0

    def _extraConnections(self):
        """Connections that are kept elsewhere than in ``connections``."""
        return []

    def _computationOrder(self):
        waiting = dict.fromkeys(self.modules, 0)
        for outgoing in self.connections.values():
            for c in outgoing:
                self._checkEnds(c)
                waiting[c.outmod] += 1
        queue = sorted((m for m, missing in waiting.items() if missing == 0), key=_byName)
        order = []
        for m in queue:  # grows while we walk: first come, first served
            order.append(m)
            for c in self.connections[m]:
                waiting[c.outmod] -= 1
                if waiting[c.outmod] == 0:
                    queue.append(c.outmod)
        if len(order) < len(self.modules):
            stuck = ", ".join(sorted(repr(m.name) for m, missing in waiting.items() if missing > 0))
            raise NetworkConstructionException(
                f"Loop in network graph. It goes through or leads to: {stuck}. A connection that closes a "
                "loop has to be added to a RecurrentNetwork with addRecurrentConnection."
            )
        return order

    def _reordered(self, position):
        """The order of computation that comes closest to ``position``, module -> number."""
        waiting = dict.fromkeys(self.modulesSorted, 0)
        for outgoing in self.connections.values():
            for c in outgoing:
                waiting[c.outmod] += 1
        order = []
        while waiting:
            m = min((m for m, missing in waiting.items() if missing == 0), key=position.__getitem__)
            del waiting[m]
            order.append(m)
            for c in self.connections[m]:
                waiting[c.outmod] -= 1
        return order

    def _restored(self):
        """Called when a reader has put all parts in place."""
        self._preferredOrder = None

    # --- parameters ---

    def _containers(self):
        """Those whose parameters make up ours, in the order of the layout."""
        for m in self.modulesSorted:
            if m.paramdim:
                yield m
            yield from _withParameters(self.connections[m])
        yield from (mother for mother in self.motherconnections if mother.paramdim)
        yield from _withParameters(self._extraConnections())

    @property
    def params(self):
        """All parameters, shape (paramdim,): the live array; the modules and connections hold views of it."""
        self._ensureLinked()
        return ParameterContainer.params.fget(self)

    @property
    def derivs(self):
        """All derivatives, shape (paramdim,), pointing downhill; the live array."""
        self._ensureLinked()
        return ParameterContainer.derivs.fget(self)

    def _setParameters(self, p, owner=None):
        self._ensureLinked()
        ParameterContainer._setParameters(self, p, owner)

    def _setDerivatives(self, d, owner=None):
        self._ensureLinked()
        ParameterContainer._setDerivatives(self, d, owner)

    def resetDerivatives(self):
        """Set all derivatives to zero."""
        self._ensureLinked()
        ParameterContainer.resetDerivatives(self)

    def randomize(self):
        """Draw all parameters anew from NumPy's global generator."""
        self._ensureLinked()
        if self.paramdim:
            ParameterContainer.randomize(self)

    def mutate(self, **args):
        """Add normal random numbers times ``mutationStd`` to all parameters."""
        self._ensureLinked()
        if self.paramdim:
            ParameterContainer.mutate(self, **args)

    def _bindParameters(self, view):
        self._params = view
        self._compiled = None
        for container, start, stop in self._portions():
            container._setParameters(view[start:stop], owner=self)

    def _bindDerivatives(self, view):
        self._derivs = view
        self._compiled = None
        for container, start, stop in self._portions():
            container._setDerivatives(view[start:stop], owner=self)

    def _portions(self):
        start = 0
        for container in self._containers():
            yield container, start, start + container.paramdim
            start += container.paramdim

    def _trueParameters(self):
        parts = [container._trueParameters() for container in self._containers()]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _ensureLinked(self):
        if not self._linked:
            if not self.sorted:
                raise self._unsorted()
            self._relink()

    def _relink(self):
        """Make everybody's parameters views of one vector again.

        Pickling and copying tear them apart. What the connections and layers hold is what an activation
        uses, so that is what counts where it differs from the network's own vector.
        """
        with _LINKING:
            if self._linked:
                return
            if self._borrows():
                self._linked = True
                return
            flat = self._trueParameters()
            derivs = self._trueDerivatives()
            self.paramdim = len(flat)
            self._compiled = None
            if self.paramdim:
                self.hasDerivatives = True
                self._bindParameters(flat)
                self._bindDerivatives(derivs)
            self._linked = True
            if isinstance(self.owner, Network):
                self.owner._linked = False  # our vector is not a part of the owner's any more

    def _borrows(self):
        """Whether this is a shallow copy (``copy.copy``): its parts belong to the network it was made from."""
        owners = {id(c.owner) for c in self._containers() if isinstance(c.owner, Network)}
        return bool(owners) and id(self) not in owners and self._params is not None

    def _shareParameters(self, original):
        """Use the parameter arrays of ``original``, a network of the same structure."""
        self._ensureLinked()
        original._ensureLinked()
        for mine, other in zip(self._containers(), original._containers(), strict=True):
            if isinstance(mine, Network):
                mine._shareParameters(other)
            else:
                mine._bindParameters(other._params)
        self._params = original._params
        self._compiled = None

    def _trueDerivatives(self):
        parts = []
        for container in self._containers():
            if isinstance(container, Network):
                parts.append(container._trueDerivatives())
            elif container._derivs is None or np.shape(container._derivs) != (container.paramdim,):
                parts.append(np.zeros(container.paramdim))
            else:
                parts.append(np.asarray(container._derivs, dtype=np.float64))
        return np.concatenate(parts) if parts else np.zeros(0)

    def _unsorted(self):
        return NetworkConstructionException(
            f"network {self.name!r} has changed or was never sorted: call sortModules() first"
        )

    # --- computing ---

    def _compiledNetwork(self):
        """The steps of this network, made anew where structure or parameter arrays have changed."""
        compiled = self._compiled
        if compiled is None or not compiled.isCurrent():
            if not self.sorted:
                raise self._unsorted()
            if self._linked and not self._holdsViews():
                self._linked = False  # somebody gave a connection another array: it counts from now on
            self._ensureLinked()
            compiled = self._compiled = CompiledNetwork(self, self._extraConnections())
        return compiled

    def _holdsViews(self):
        """Whether the parameters of our parts are (still) parts of our vector."""
        return all(np.may_share_memory(c._params, self._params) for c in self._containers())

    @property
    def offset(self):
        """The current time step; setting it sets that of every module as well."""
        return self.__offset

    @offset.setter
    def offset(self, value):
        self.__offset = value
        for m in self.modules:
            m.offset = value

    __offset = 0

    def _growBuffers(self):
        for m in self.modules:
            m._growBuffers()
        Module._growBuffers(self)

    def _ensureRows(self, rows):
        for m in self.modules:
            m._ensureRows(rows)
        Module._ensureRows(self, rows)

    def reset(self):
        """Forget the past: all buffers of all modules to zero, back to the first time step."""
        if not self.sorted:
            raise self._unsorted()
        Module.reset(self)
        for m in self.modules:
            m.reset()

    def shift(self, items):
        """Move the rows of all buffers, see :meth:`Module.shift`."""
        for m in self.modules:
            m.shift(items)
        Module.shift(self, items)
        self.__offset = self.modulesSorted[0].offset

    # --- copies, text ---

    def copy(self):
        """An independent copy with the same names; it trains and computes like the original."""
        return ParameterContainer.copy(self)

    def convertToFastNetwork(self):
        """This network itself: it is compiled already. (PyBrain makes an ``arac`` network here.)"""
        if not self.sorted:
            raise self._unsorted()
        return self

    def __setstate__(self, state):
        self.__dict__.pop("_compiled", None)
        Module.__setstate__(self, state)
        if self.sorted and self._isComplete():
            self._relink()

    def _isComplete(self):
        """Whether all our parts have got their state; in a file that begins with one of them, it has not yet."""
        if any(m not in self.connections for m in self.modulesSorted):
            return False
        parts = [*self.modulesSorted, *self.motherconnections, *self._extraConnections()]
        parts += [c for outgoing in self.connections.values() for c in outgoing]
        return (
            all(vars(part) for part in parts)
            and all(m._isComplete() for m in self.modulesSorted if isinstance(m, Network))
            and sum(container.paramdim for container in self._containers()) == self.paramdim
        )

    def __str__(self):
        order = self.modulesSorted if self.sorted else list(self.connections)
        connections = [c for m in order for c in self.connections[m]]
        text = (
            f"{self.name}\n   Modules:\n    {[_Plain(m) for m in order]}\n   Connections:\n    {connections}"
        )
        extra = self._extraConnections()
        return f"{text}\n   Recurrent Connections:\n    {extra}" if extra else text

    def __repr__(self):
        order = self.modulesSorted if self.sorted else list(self.connections)
        layers = ", ".join(f"{type(m).__name__} {m.name!r} ({m.outdim})" for m in order)
        arrows = [f"{c.inmod.name} -> {c.outmod.name}" for m in order for c in self.connections[m]]
        arrows += [f"{c.inmod.name} => {c.outmod.name}" for c in self._extraConnections()]
        state = f"{self.paramdim} parameters" if self.sorted else "not sorted"
        return f"<{type(self).__name__} {self.name!r}: [{layers}], [{', '.join(arrows)}], {state}>"


class _Plain:
    """A module in a list of modules: class and name, also where it is a network itself."""

    def __init__(self, module):
        self.module = module

    def __repr__(self):
        return f"<{type(self.module).__name__} {self.module.name!r}>"


# Linking replaces several arrays one after the other; two threads at it would leave a mixture.
_LINKING = threading.RLock()


def _byName(item):
    return item.name


def _withParameters(connections):
    return (c for c in connections if c.paramdim and getattr(c, "mother", None) is None)
