"""The base class of networks: building, sorting, and a single parameter vector."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.module import Module
from pybrain.structure.networks.before03 import currentClass, currentState, isBefore03
from pybrain.structure.networks.compiled import CompiledNetwork
from pybrain.structure.networks.linking import LinkedParameters
from pybrain.structure.parametercontainer import ParameterContainer
from pybrain.utilities import nameAll

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, Self

    from pybrain._typing import ArrayLike
    from pybrain.structure.connections.connection import Connection
    from pybrain.structure.connections.shared import MotherConnection
    from pybrain.utilities import Named


class NetworkConstructionException(Exception):
    """The modules and connections do not form a network that can be computed."""


class Network(LinkedParameters, Module, ParameterContainer):
    """Modules and connections, and one flat vector of all their parameters.

    Add modules, add connections, then call :meth:`sortModules`. The layout of ``params`` is: for each module
    in the order of computation its own parameters (peepholes, standard deviations, nested networks) and then
    those of its outgoing connections by name; then the mother connections by name; then the recurrent
    connections by name.

    Args:
        name: name; generated if None.
        **args: options of the class.

    Attributes:
        modules: the set of modules.
        modulesSorted: the modules in the order of computation.
        connections: module -> list of the connections that leave it.
        inmodules: the input modules, among which the network's input is split in this order.
        outmodules: the output modules, whose outputs form the network's output in this order.
        motherconnections: holders of shared parameters.
        sorted: whether :meth:`sortModules` has been called since the last change.
    """

    # Attributes that a file does not need, because they can be recomputed.
    _transient: tuple[str, ...] = ("_compiled", "_linked", "_preferredOrder")
    _compiled: CompiledNetwork | None = None
    _preferredOrder: Any = None
    # Connections that leave a module which was not added yet.
    _early: Sequence[Connection] = ()

    sorted = False
    modulesSorted: Any = None

    def __init__(self, name: str | None = None, **args: Any) -> None:
        self._name = name
        self.setArgs(**args)
        self.modules: set[Any] = set()
        self.modulesSorted = []
        self.connections: dict[Any, list[Any]] = {}
        self.inmodules: list[Any] = []
        self.outmodules: list[Any] = []
        self.motherconnections: list[MotherConnection] = []
        self.sorted = False
        self.paramdim = 0

    # --- building ---

    def addModule(self, m: Module) -> None:
        """Add a module that is neither input nor output.

        If modules share a name, ``net[name]`` is the one that was added first.
        """
        self._add(m)

    def addInputModule(self, m: Module) -> None:
        """Add ``m`` if it is not a module yet; it receives the next ``m.indim`` inputs of the network."""
        self._add(m)
        if m not in self.inmodules:
            self.inmodules.append(m)

    def addOutputModule(self, m: Module) -> None:
        """Add ``m`` if it is not a module yet; its outputs are the next ``m.outdim`` of the network."""
        self._add(m)
        if m not in self.outmodules:
            self.outmodules.append(m)

    def _add(self, m: Module) -> None:
        if isinstance(m, type):
            raise NetworkConstructionException(f"{m.__name__} is a class; add an object: {m.__name__}(size)")
        if m is self:
            raise NetworkConstructionException(f"{self.name!r} cannot be a module of itself")
        if m not in self.modules:
            self.modules.add(m)
            self._structureChanged()
        self.connections.setdefault(m, [])

    def addConnection(self, c: Connection) -> None:
        """Add a connection between two modules of this network.

        The modules may be added later; :meth:`sortModules` checks that they exist.
        """
        self._admit(c)
        if c.inmod in self.connections:
            self.connections[c.inmod].append(c)
        else:
            self._early = [*self._early, c]

    def _admit(self, c: Connection) -> None:
        """Record that there is a new connection, and add its mother."""
        mother = getattr(c, "mother", None)
        if mother is not None and mother not in self.motherconnections:
            self.motherconnections.append(mother)
        self._structureChanged()

    def _checkEnds(self, c: Connection) -> None:
        for m in (c.inmod, c.outmod):
            if m not in self.modules:
                raise NetworkConstructionException(
                    f"{c!r}: module {m.name!r} is not in network {self.name!r}; add it first"
                )

    def _structureChanged(self) -> None:
        self.sorted = False
        self._compiled = None
        self._linked = False

    def __getitem__(self, name: str) -> Any:
        """Return the module with this name, or None."""
        for m in self.connections:
            if m.name == name:
                return m
        return None

    # --- sorting ---

    def sortModules(self) -> None:
        """Sort the modules in the order of computation, and link the parameters into one vector.

        Has no effect if the network is already sorted. Modules without incoming connections come first, by name;
        then each module as soon as all its sources are placed.

        Raises:
            NetworkConstructionException: the connections form a loop, or a module that they use was not added.
        """
        if self.sorted:
            return
        self._takeEarlyConnections()
        nameAll(list(self.connections))
        nameAll([c for outgoing in self.connections.values() for c in outgoing] + self._extraConnections())
        nameAll(self.motherconnections)
        self.modulesSorted = self._computationOrder()
        if self._preferredOrder is not None:
            self.modulesSorted = self._reordered(self._preferredOrder)
        for connections in (*self.connections.values(), self.motherconnections, self._extraConnections()):
            connections.sort(key=_byName)
        self._setDimensions(sum(m.indim for m in self.inmodules), sum(m.outdim for m in self.outmodules))
        self.setArgs(name=self.name)
        self.sorted = True
        self._relink()
        # PyBrain draws this many random numbers here and discards them. So do we: the same seed then gives the
        # same weights to each connection, even in networks that are built later.
        np.random.randn(self.paramdim)
        self.offset = 0

    def _takeEarlyConnections(self) -> None:
        for c in [*self._early, *self._extraConnections()]:
            self._checkEnds(c)
        for c in self._early:
            self.connections[c.inmod].append(c)
        if self._early:
            del self._early  # the class attribute from now on, which is not written to files

    def _extraConnections(self) -> list[Connection]:
        """Return the connections that are not kept in ``connections``."""
        return []

    def _computationOrder(self) -> list[Module]:
        waiting = dict.fromkeys(self.connections, 0)  # in the order in which they were added
        for outgoing in self.connections.values():
            for c in outgoing:
                self._checkEnds(c)
                waiting[c.outmod] += 1
        queue = sorted((m for m, missing in waiting.items() if missing == 0), key=_byName)
        order = []
        for m in queue:  # grows during iteration: first come, first served
            order.append(m)
            for c in self.connections[m]:
                waiting[c.outmod] -= 1
                if waiting[c.outmod] == 0:
                    queue.append(c.outmod)
        if len(order) < len(self.modules):
            stuck = ", ".join(sorted(repr(m.name) for m, missing in waiting.items() if missing > 0))
            raise NetworkConstructionException(
                f"Loop in network graph. It goes through or leads to: {stuck}. A connection that closes a "
                "loop must be added to a RecurrentNetwork with addRecurrentConnection."
            )
        return order

    def _reordered(self, position: Mapping[Module, Any]) -> list[Module]:
        """Return the order of computation that is closest to ``position`` (module -> number)."""
        waiting = dict.fromkeys(self.modulesSorted, 0)
        for outgoing in self.connections.values():
            for c in outgoing:
                waiting[c.outmod] += 1
        rank = {m: place for place, m in enumerate(waiting)}  # decides if positions are equal
        ready = [(position[m], rank[m], m) for m, missing in waiting.items() if missing == 0]
        heapify(ready)
        order = []
        while ready:
            m = heappop(ready)[2]
            order.append(m)
            for c in self.connections[m]:
                waiting[c.outmod] -= 1
                if waiting[c.outmod] == 0:
                    heappush(ready, (position[c.outmod], rank[c.outmod], c.outmod))
        if len(order) < len(waiting):
            raise ValueError("there is no order of computation: the connections form a loop")
        return order

    def _restored(self) -> None:
        """Finish reading, after a reader has restored all parts."""
        self._preferredOrder = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a state written by any version of PyBrain, or by this library."""
        if isBefore03(state):
            if type(self) is Network:
                self.__class__ = currentClass(state)
            state = currentState(state)
        super().__setstate__(state)

    # --- computing ---

    def _unsorted(self) -> NetworkConstructionException:
        return NetworkConstructionException(
            f"network {self.name!r} has changed or was never sorted: call sortModules() first"
        )

    def _compiledNetwork(self) -> CompiledNetwork:
        """Return the compiled network; compile again if structure or parameter arrays have changed."""
        compiled = self._compiled
        if compiled is None or not compiled.isCurrent():
            if not self.sorted:
                raise self._unsorted()
            if self._linked and not self._holdsViews():
                self._linked = False  # a connection has got another array, which is used from now on
            if self._linked or not self._sharesParts():
                self._ensureLinked()
            self._checkOrder()
            compiled = self._compiled = CompiledNetwork(self, self._extraConnections())
        return compiled

    def _checkOrder(self) -> None:
        """Raise an error if a pickle claims to be sorted but is not, rather than compute in a wrong order."""
        places = {m: place for place, m in enumerate(self.modulesSorted)}
        whole = len(places) == len(self.modulesSorted) and places.keys() == self.connections.keys()
        if not whole or any(places[m] >= places[c.outmod] for m in places for c in self.connections[m]):
            raise NetworkConstructionException(
                f"network {self.name!r} is marked as sorted, but modulesSorted is not an order of computation of its "
                "modules: set sorted = False, then call sortModules()"
            )

    @property
    def offset(self) -> int:
        """The current time step; setting it also sets that of every module."""
        return self.__offset

    @offset.setter
    def offset(self, value: int) -> None:
        self._setOffset(value)

    def _setOffset(self, value: int) -> None:
        # Written to the instance dictionaries, because setting an attribute at every step calls NoticesReplacements.
        self.__dict__["_Network__offset"] = value
        for m in self.modules:
            state = m.__dict__
            if "_Network__offset" in state:
                m.offset = value
            else:
                state["offset"] = value

    __offset = 0

    def _growBuffers(self) -> None:
        for m in self.modules:
            m._growBuffers()
        Module._growBuffers(self)

    def _ensureRows(self, rows: int) -> None:
        for m in self.modules:
            m._ensureRows(rows)
        while len(self.outputbuffer) < rows:
            Module._growBuffers(self)

    def reset(self) -> None:
        """Reset the recurrent state: all buffers of all modules to zero, back to the first time step."""
        if not self.sorted:
            raise self._unsorted()
        Module.reset(self)
        for m in self.modules:
            m.reset()

    def shift(self, items: int) -> None:
        """Move the rows of all buffers, see :meth:`Module.shift`."""
        for m in self.modules:
            m.shift(items)
        Module.shift(self, items)

    # --- copies, text ---

    def copy(self) -> Self:
        """Return an independent copy with the same names; it trains and computes like the original."""
        return ParameterContainer.copy(self)

    def convertToFastNetwork(self) -> Self:
        """Return this network, which is already compiled.

        PyBrain creates an ``arac`` network instead.
        """
        if not self.sorted:
            raise self._unsorted()
        return self

    def __str__(self) -> str:
        order = self.modulesSorted if self.sorted else list(self.connections)
        connections = sorted((c for m in order for c in self.connections[m]), key=_byName)
        return f"{self.name}\n   Modules:\n    {order}\n   Connections:\n    {connections}\n"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: tables of the modules and the connections."""
        from html import escape  # in notebooks only

        order = self.modulesSorted if self.sorted else sorted(self.modules, key=_byName)
        connections = [c for m in order for c in self.connections[m]] + self._extraConnections()
        modules = [(m.name, type(m).__name__, m.indim, m.outdim, m.paramdim) for m in order]
        links = [(c.inmod.name, c.outmod.name, type(c).__name__, c.paramdim) for c in connections]
        return (
            f"<p><b>{escape(type(self).__name__)} {escape(str(self.name))}</b>, {self.paramdim:,} parameters</p>"
            + _htmlTable(("module", "kind", "inputs", "outputs", "parameters"), modules)
            + _htmlTable(("from", "to", "connection", "parameters"), links)
        )


def _htmlTable(titles: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    from html import escape

    lines = [
        "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"
        for tag, cells in [("th", titles), *(("td", row) for row in rows)]
    ]
    return f"<table>{''.join(lines)}</table>"


def _byName(item: Named) -> str:
    return item.name
