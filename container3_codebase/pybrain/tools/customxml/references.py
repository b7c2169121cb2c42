"""Resolves names in a file, and derives the order of computation from the order of its elements.

In PyBrain's files, several modules or mother connections may share a name; sizes and positions then decide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pybrain.structure.modules.module import Module
from pybrain.tools.customxml.handling import textOf
from pybrain.tools.customxml.literals import parseNumbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


class Register:
    """The modules or mothers of one network, by the names that connections use.

    Args:
        kind: the noun for an item, for messages.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.byKey: dict[str, list[Any]] = {}
        self.names: list[tuple[Any, str]] = []
        self.placed: list[tuple[Any, Any]] = []

    def add(self, node: Any, item: Any) -> None:
        """Add the item that an element describes.

        Args:
            node: the element.
            item: the module or mother connection.
        """
        # A name may occur twice in PyBrain's files: items get their names only after all have been added.
        name = node.getAttribute("name")
        self.byKey.setdefault(node.getAttribute("key") or name, []).append(item)
        self.names.append((item, name))
        if node.hasAttribute("position"):
            self.placed.append((item, node))
        if isinstance(item, Module):
            item._name = f"{name}#{len(self.names)}"

    def rename(self) -> None:
        """Set the names of all items to those in the file."""
        for item, name in self.names:
            item._name = name

    def items(self) -> list[Any]:
        """Return all items, in the order of the file."""
        return [item for item, _ in self.names]

    def positions(self) -> dict[Any, float]:
        """Return module -> position in the order of computation, if the file has it; else an empty dictionary."""
        return {item: float(node.getAttribute("position")) for item, node in self.placed}

    def find(self, key: str, node: Any) -> list[Any]:
        """Return the items that ``key`` may refer to.

        Args:
            key: the name or key.
            node: the referring element, for messages.

        Raises:
            ValueError: there is none; the message names ``node``, the referring element.
        """
        if key not in self.byKey:
            raise ValueError(f"{label(node)}: there is no {self.kind} named {key!r} in its network")
        return self.byKey[key]


def isRecurrent(node: Any) -> bool:
    """Return whether the element describes a recurrent connection."""
    return node.getAttribute("recurrent") == "True"


def label(node: Any) -> str:
    """Describe an element in messages: its tag and name."""
    name = node.getAttribute("name")
    return f"<{node.tagName} {name!r}>" if name else f"<{node.tagName}>"


def settleEnds(connections: list[Any], net: Any) -> None:
    """Replace the candidates for both ends of each connection with the right modules.

    If names are shared, sizes decide, and then the rule that output modules are not read and input modules not
    written.

    Args:
        connections: the connections with their elements and the candidates for both ends.
        net: the network.
    """
    for position, (node, (sources, targets)) in enumerate(connections):
        pairs = [(a, b) for a in sources for b in targets]
        if len(pairs) > 1:
            pairs = _plausible(node, pairs, net)
        if len(pairs) != 1:
            raise ValueError(
                f"{label(node)}: the module names are ambiguous; cannot determine which modules it connects"
            )
        connections[position] = (node, pairs[0])


def _plausible(node: Any, pairs: list[tuple[Any, Any]], net: Any) -> list[tuple[Any, Any]]:
    pairs = [pair for pair in pairs if _fits(node, *pair)]
    for preference in (
        lambda a, b: a is not b,
        lambda a, b: a not in net.outmodules and b not in net.inmodules,
    ):
        better = [pair for pair in pairs if preference(*pair)]
        pairs = better or pairs
    return pairs


def _fits(node: Any, inmod: Any, outmod: Any) -> bool:
    """Return whether the file has the number of parameters of a full connection between the two modules."""
    children = {c.tagName: c for c in node.childNodes if c.nodeType == c.ELEMENT_NODE}
    if node.tagName != "FullConnection" or "Parameters" not in children:
        return True
    bounds = {name: int(child.getAttribute("val")) for name, child in children.items() if "Slice" in name}
    width = bounds.get("inSliceTo", inmod.outdim) - bounds.get("inSliceFrom", 0)
    height = bounds.get("outSliceTo", outmod.indim) - bounds.get("outSliceFrom", 0)
    return len(parseNumbers(textOf(children["Parameters"]))) == width * height


def chosenMother(net: Any, found: Sequence[Any], inmod: Any, outmod: Any, node: Any) -> Any:
    """Choose among mothers with the same name: bidirectional networks have one per direction, forward first.

    Args:
        net: the network.
        found: the mothers with the same name.
        inmod: the source module.
        outmod: the target module.
        node: the element of the connection, for messages.
    """
    for module in (inmod, outmod):
        row = re.search(r"\((\d+), \d+\)", module._name or "")
        if row and int(row.group(1)) < len(found):
            return found[int(row.group(1))]
    raise ValueError(f"{label(node)}: there are {len(found)} mother connections with this name")


def suggestedOrder(net: Any, modules: Iterable[Any], sources: Iterable[Any]) -> dict[Any, Any]:
    """Return the order of computation that a file suggests, module -> sort key.

    Args:
        net: the network.
        modules: its modules in the order of the file.
        sources: the modules that connections come from, in the order of the file.
    """
    order = list(dict.fromkeys(sources))
    position = {m: float(i) for i, m in enumerate(order)}
    last = -1.0
    for m in modules:
        if m not in position:
            # No outgoing connections: outputs are last, others keep their position in the file.
            position[m] = float(len(order)) if m in net.outmodules else last + 0.5
        if m not in net.inmodules and m not in net.outmodules:
            last = position[m]
    return {m: (position[m], i) for i, m in enumerate(modules)}
