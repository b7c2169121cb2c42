"""Reads networks from XML: PyBrain's files, and those of :class:`NetworkWriter`.

Nothing in a file is executed. Classes come from :mod:`pybrain.structure`, or are subclasses of its classes in
modules that the program itself has already imported.
"""

from __future__ import annotations

import importlib
import re
import sys
from typing import TYPE_CHECKING

from pybrain.structure.connections.connection import Connection
from pybrain.structure.connections.shared import MotherConnection, SharedConnection
from pybrain.structure.modules.module import Module
from pybrain.structure.networks.network import Network
from pybrain.structure.networks.recurrent import RecurrentNetworkComponent
from pybrain.tools.customxml.handling import XMLHandling, textOf
from pybrain.tools.customxml.literals import LiteralError, parseLiteral, parseNumbers
from pybrain.tools.customxml.references import (
    Register,
    chosenMother,
    isRecurrent,
    label,
    settleEnds,
    suggestedOrder,
)

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import StrPath


_PARTS = ("Modules", "Connections", "MotherConnections", "Parameters")
_CLASS_PATH = re.compile(r"(?:[A-Za-z_]\w*\.)+[A-Za-z_]\w*")


class NetworkReader(XMLHandling):
    """Reads networks from a file."""

    @staticmethod
    def readFrom(filename: StrPath, name: str | None = None, index: int = 0) -> Any:
        """Read a network from a file.

        Args:
            filename: the file.
            name: name of the network; the first one with this name is read.
            index: index of the network, counted from 0, if no name is given.

        Raises:
            ValueError: there is no such network, or the file is not valid; the message names the element
                and the problem.
        """
        reader = NetworkReader(filename, newfile=False)
        if name is None:
            node, wanted = reader.findNode("Network", index), f"number {index}"
        else:
            node, wanted = reader.findNamedNode("Network", name), f"named {name!r}"
        if node is None:
            raise ValueError(f"{filename} has no network {wanted}")
        return reader.readNetwork(node)

    # --- networks ---

    def readNetwork(self, node: Any) -> Any:
        """Read the network that an element describes, and sort it."""
        net = self._emptyNetwork(node)
        modules, mothers = Register("module"), Register("mother connection")
        self._readModules(node, net, modules)
        for child in self._partsOf(node, "MotherConnections"):
            mothers.add(child, self.readBuildable(child))
        connections = [(child, self._ends(child, modules)) for child in self._partsOf(node, "Connections")]
        settleEnds(connections, net)
        for child, (inmod, outmod) in connections:
            self.readConnection(child, net, inmod, outmod, mothers)
        modules.rename()
        # Keeps the order of the parameters: a file lists connections in the order of computation.
        net._preferredOrder = modules.positions() or suggestedOrder(
            net, modules.items(), [ends[0] for child, ends in connections if not isRecurrent(child)]
        )
        net.sortModules()
        net._restored()
        return net

    def _emptyNetwork(self, node: Any) -> Any:
        """Create an empty network of the element's class; its parts are in the file."""
        cls = self._classOf(node, Network)
        net = cls.__new__(cls)
        Network.__init__(net, node.getAttribute("name") or None)
        if isinstance(net, RecurrentNetworkComponent):
            RecurrentNetworkComponent.__init__(net, forget=node.getAttribute("forget") == "True")
        for name, value in self.readArgs(node, without=("predefined",)).items():
            if name != "name" and not callable(getattr(net, name, None)):
                setattr(net, name, value)
                net.argdict = {**(net.argdict or {}), name: value}
        return net

    def _readModules(self, node: Any, net: Any, modules: Register) -> None:
        outputs = []
        for position, child in enumerate(self._partsOf(node, "Modules")):
            m = self.readModule(child)
            modules.add(child, m)
            if child.getAttribute("inmodule") == "True":
                net.addInputModule(m)
            else:
                net.addModule(m)
            if child.getAttribute("outmodule") == "True":
                outputs.append((int(child.getAttribute("outorder") or position), m))
        for _, m in sorted(outputs, key=lambda entry: entry[0]):
            net.addOutputModule(m)

    def readModule(self, node: Any) -> Any:
        """Read the module, or nested network, that an element describes."""
        return self.readNetwork(node) if node.tagName == "Network" else self.readBuildable(node)

    # --- connections ---

    def _ends(self, node: Any, modules: Register) -> tuple[Any, ...]:
        """Return the candidate modules for each end of a connection; several if names are shared."""
        return tuple(modules.find(self._option(node, end), node) for end in ("inmod", "outmod"))

    def readConnection(self, node: Any, net: Any, inmod: Any, outmod: Any, mothers: Register) -> None:
        """Add to ``net`` the connection that an element describes.

        Args:
            node: the element.
            net: the network.
            inmod: the source module.
            outmod: the target module.
            mothers: the mother connections of the network.
        """
        arguments = self.readArgs(node)
        for end in ("inmod", "outmod"):
            arguments.pop(end, None)
        arguments["name"] = node.getAttribute("name") or None
        cls = self._classOf(node, Connection)
        if issubclass(cls, SharedConnection):
            found = mothers.find(str(arguments.pop("mother", "")), node)
            mother = found[0] if len(found) == 1 else chosenMother(net, found, inmod, outmod, node)
            if arguments["name"] == mother.name:
                arguments["name"] = None  # the name that it would get anyway
            connection = self._built(node, cls, (mother, inmod, outmod), arguments)
        else:
            connection = self._built(node, cls, (inmod, outmod), arguments)
            self.readParams(node, connection)
        if isRecurrent(node):
            net.addRecurrentConnection(connection)
        else:
            net.addConnection(connection)

    # --- modules, mothers ---

    def readBuildable(self, node: Any) -> Any:
        """Read the module or mother connection that an element describes, with its parameters."""
        base = MotherConnection if node.parentNode.tagName == "MotherConnections" else Module
        cls = self._classOf(node, base)
        arguments = self.readArgs(node)
        arguments.pop("name", None)
        built = self._built(node, cls, (), arguments)
        if node.hasAttribute("name"):
            built.name = node.getAttribute("name")
        self.readParams(node, built)
        return built

    def _built(self, node: Any, cls: Any, ends: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
        try:
            return cls._fromXml(*ends, **arguments)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{label(node)}: {error}") from None

    def readArgs(self, node: Any, without: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the options of an element: name -> value; names of modules and mothers stay strings.

        Args:
            node: the element.
            without: options to leave out. PyBrain writes shared weights (``predefined``) as addresses of objects, but
                the mother connections in the file have the same weights.
        """
        arguments = {}
        for child in self.getChildrenOf(node):
            unread = child.tagName in (*_PARTS, *without) or _is_lost_class(child)
            if not unread and child.hasAttribute("val"):
                arguments[child.tagName] = self._value(child)
        return arguments

    def _value(self, node: Any) -> Any:
        text = node.getAttribute("val")
        if node.tagName in ("inmod", "outmod", "mother"):
            return text
        try:
            value = parseLiteral(text)
        except LiteralError as error:
            raise ValueError(f"{label(node.parentNode)}, option {node.tagName!r}: {error}") from None
        if node.tagName.endswith("class") and isinstance(value, str):
            return self._found(node.parentNode, value, Module)
        return value

    def _option(self, node: Any, name: str) -> str:
        child = self.getChild(node, name)
        if child is None:
            raise ValueError(f"{label(node)} has no {name}")
        return child.getAttribute("val")

    def readParams(self, node: Any, m: Any) -> None:
        """Set the parameters of a module, connection or mother from its element, if it has any.

        Args:
            node: the element.
            m: the module, connection or mother.
        """
        child = self.getChild(node, "Parameters")
        if child is None:
            return
        try:
            values = parseNumbers(textOf(child))
        except LiteralError as error:
            raise ValueError(f"{label(node)}, Parameters: {error}") from None
        if len(values) != m.paramdim:
            raise ValueError(f"{label(node)} takes {m.paramdim} parameters; the file has {len(values)}")
        if m.paramdim:
            m.params[:] = values

    # --- classes ---

    def _classOf(self, node: Any, base: type) -> Any:
        return self._found(node, node.getAttribute("class"), base)

    def _found(self, node: Any, path: str, base: type) -> Any:
        """Return the class with a path, if a file may refer to it."""
        path = re.sub(r"^pybrain3\.", "pybrain.", path)
        if not _CLASS_PATH.fullmatch(path):
            raise ValueError(f"{label(node)}: {path!r} is not a class name")
        modulename, _, name = path.rpartition(".")
        module = sys.modules.get(modulename)
        if module is None and modulename.startswith("pybrain.structure."):
            try:
                module = importlib.import_module(modulename)
            except ModuleNotFoundError:
                module = None
        cls = vars(module).get(name) if module is not None else None
        if not (isinstance(cls, type) and issubclass(cls, base)):
            raise ValueError(
                f"{label(node)}: {path!r} is not a known {base.__name__}. "
                "Import the module of a custom class before reading the file."
            )
        return cls

    def _partsOf(self, node: Any, name: str) -> list[Any]:
        part = self.getChild(node, name)
        return [] if part is None else self.getChildrenOf(part)


def _is_lost_class(node: Any) -> bool:
    """Return whether PyBrain has written an option that is a class as ``type``, losing the class itself."""
    return node.tagName.endswith("class") and node.getAttribute("val").strip("'\"") in (
        "type",
        "__builtin__.type",
    )
