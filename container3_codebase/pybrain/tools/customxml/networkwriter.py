"""Writes networks as XML, in PyBrain's format.

Values that PyBrain's format does not support are written in a way that PyBrain's reader ignores, if possible:
as additional attributes of elements. See docs/pybrain-compatibility.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pybrain.structure.connections.shared import SharedConnection
from pybrain.structure.networks.network import Network, NetworkConstructionException
from pybrain.tools.customxml.handling import XMLHandling
from pybrain.tools.customxml.literals import formatLiteral
from pybrain.tools.customxml.references import suggestedOrder
from pybrain.utilities import Named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pybrain._typing import StrPath


class NetworkWriter(XMLHandling):
    """Writes networks to a file; :class:`NetworkReader` reads them.

    Example:
        >>> from pybrain.tools.customxml import NetworkReader, NetworkWriter
        >>> NetworkWriter.writeToFile(net, "net.xml")  # doctest: +SKIP
        >>> net = NetworkReader.readFrom("net.xml")  # doctest: +SKIP
    """

    def __init__(self, filename: StrPath, newfile: bool) -> None:
        XMLHandling.__init__(self, filename, newfile)
        self._keys: dict[Any, str] = {}  # how the modules and mothers of the current network are referred to

    @staticmethod
    def appendToFile(net: Any, filename: StrPath) -> None:
        """Add a network to a file that may already hold others.

        Args:
            net: a sorted network.
            filename: the file.
        """
        if not Path(filename).exists():
            return NetworkWriter.writeToFile(net, filename)
        writer = NetworkWriter(filename, newfile=False)
        writer._addNetwork(net)
        return None

    @staticmethod
    def writeToFile(net: Any, filename: StrPath) -> None:
        """Write a network to a file, replacing its content.

        Args:
            net: a sorted network.
            filename: the file.

        Raises:
            NetworkConstructionException: the network is not sorted.
            ValueError: a part of the network cannot be written as text; the message names it.
        """
        writer = NetworkWriter(filename, newfile=True)
        writer.newRootNode("PyBrain")
        writer._addNetwork(net)

    def _addNetwork(self, net: Any) -> None:
        self.writeNetwork(net, self.newChild(self.root, "Network"))
        self.save()

    def writeNetwork(self, net: Any, netnode: Any) -> None:
        """Write a network into an element: options, modules, mother connections, connections.

        Args:
            net: a sorted network.
            netnode: the element.
        """
        if not net.sorted:
            raise NetworkConstructionException(
                f"network {net.name!r} is not sorted: call sortModules() first"
            )
        netnode.setAttribute("name", net.name)
        netnode.setAttribute("class", _classPath(net))
        if getattr(net, "forget", False):
            netnode.setAttribute("forget", "True")
        self.writeArgs(netnode, net.argdict or {})
        order = _moduleOrder(net)
        keys = _distinctKeys(order)
        keys.update(_distinctKeys(net.motherconnections))
        self._keys = keys
        modules = self.newChild(netnode, "Modules")
        inputs, outputs = set(net.inmodules), _places(net.outmodules)
        reordered = [m for m in order if m in outputs] != net.outmodules
        positions = {} if _isSuggested(net, order) else _places(net.modulesSorted)
        for m in order:
            self.writeModule(modules, m, m in inputs, m in outputs)
            self._keys = keys  # a nested network has its own keys
            if reordered and m in outputs:
                modules.lastChild.setAttribute("outorder", str(outputs[m]))
            if positions:
                modules.lastChild.setAttribute("position", str(positions[m]))
        if net.motherconnections:
            mothers = self.newChild(netnode, "MotherConnections")
            for mother in net.motherconnections:
                self.writeBuildable(mothers, mother)
        connections = self.newChild(netnode, "Connections")
        for m in net.modulesSorted:
            for c in net.connections[m]:
                self.writeConnection(connections, c, False)
        for c in getattr(net, "recurrentConns", []):
            self.writeConnection(connections, c, True)

    def writeModule(self, rootnode: Any, m: Any, inmodule: bool, outmodule: bool) -> None:
        """Write a module as a new element inside ``rootnode``.

        Args:
            rootnode: the parent element.
            m: the module.
            inmodule: whether it is an input module.
            outmodule: whether it is an output module.
        """
        if isinstance(m, Network):
            node = self.newChild(rootnode, "Network")
            self._markKey(node, m)
            outer = self._keys
            self.writeNetwork(m, node)
            self._keys = outer
        else:
            node = self.writeBuildable(rootnode, m)
        if inmodule:
            node.setAttribute("inmodule", "True")
        if outmodule:
            node.setAttribute("outmodule", "True")

    def writeConnection(self, rootnode: Any, c: Any, recurrent: bool) -> None:
        """Write a connection as a new element inside ``rootnode``.

        Args:
            rootnode: the parent element.
            c: the connection.
            recurrent: whether the connection is recurrent.
        """
        node = self.writeBuildable(rootnode, c)
        if recurrent:
            node.setAttribute("recurrent", "True")

    def writeBuildable(self, rootnode: Any, m: Any) -> Any:
        """Write a module, connection or mother connection: class, name, options, parameters.

        Args:
            rootnode: the parent element.
            m: the module, connection or mother connection.
        """
        node = self.newChild(rootnode, type(m).__name__)
        node.setAttribute("name", m.name)
        node.setAttribute("class", _classPath(m))
        self._markKey(node, m)
        self.writeArgs(node, m._xmlArguments())
        if m.paramdim and not isinstance(m, SharedConnection):
            self.writeParams(node, m)
        return node

    def _markKey(self, node: Any, m: Any) -> None:
        if self._keys.get(m, m.name) != m.name:
            node.setAttribute("key", self._keys[m])

    def writeArgs(self, node: Any, argdict: Mapping[str, Any]) -> None:
        """Write options, one element each: modules and mothers by name, and nothing for None.

        Args:
            node: the element.
            argdict: option name -> value.
        """
        for name, value in argdict.items():
            if value is not None:
                known = isinstance(value, Named) and value in self._keys
                text = self._keys[value] if known else _optionText(node, name, value)
                self.newChild(node, name).setAttribute("val", text)

    def writeParams(self, node: Any, m: Any) -> None:
        """Write all parameters, exactly.

        Args:
            node: the element.
            m: the module, connection or mother connection.
        """
        numbers = ", ".join(repr(float(p)) for p in m._trueParameters())
        self.addTextNode(self.newChild(node, "Parameters"), f"[{numbers}]")


def _moduleOrder(net: Any) -> list[Any]:
    """Return inputs, outputs, then the others in the order of computation, as PyBrain does."""
    first = dict.fromkeys([*net.inmodules, *net.outmodules])
    return [*first, *(m for m in net.modulesSorted if m not in first)]


def _places(modules: Iterable[Any]) -> dict[Any, int]:
    """Return the first position of each module."""
    places: dict[Any, int] = {}
    for place, m in enumerate(modules):
        places.setdefault(m, place)
    return places


def _isSuggested(net: Any, order: list[Any]) -> bool:
    """Return whether a reader will infer this order of computation from the order of the elements."""
    sources = [m for m in net.modulesSorted if net.connections[m]]
    return net._reordered(suggestedOrder(net, order, sources)) == net.modulesSorted


def _distinctKeys(items: Iterable[Any]) -> dict[Any, str]:
    """Return a key for each item: its name or, if several share a name, the name with a number."""
    keys, taken = {}, {item.name for item in items}
    seen = set()
    numbers: dict[str, int] = {}
    for item in items:
        number = numbers.get(item.name, 1)
        key = item.name if number == 1 else f"{item.name}#{number}"
        while key in seen or (number > 1 and key in taken):
            number += 1
            key = f"{item.name}#{number}"
        numbers[item.name] = number
        seen.add(key)
        keys[item] = key
    return keys


def _classPath(obj: object) -> str:
    return f"{type(obj).__module__}.{type(obj).__name__}"


def _optionText(node: Any, name: str, value: Any) -> str | None:
    if isinstance(value, type):
        return formatLiteral(f"{value.__module__}.{value.__name__}")
    text = formatLiteral(value)
    if " at 0x" in text or text.startswith("<"):
        raise ValueError(
            f"{node.tagName} {node.getAttribute('name')!r}: option {name!r} cannot be written: {text}"
        )
    return text
