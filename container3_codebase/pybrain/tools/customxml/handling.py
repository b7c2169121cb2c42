"""Reading and writing XML documents.

A document is parsed twice: first by a parser that only refuses entities, then into a tree. Entities can expand
a small file to any size, or include other files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.dom import minidom
from xml.parsers import expat

from pybrain.tools.customxml.literals import LiteralError, parseLiteral

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, NoReturn
    from xml.dom.minidom import Document

    from pybrain._typing import StrPath


class UnsafeXML(ValueError):
    """The document declares entities, which are never expanded; nothing in the document was used."""


def parseSafely(data: Any) -> Document:
    """Parse an XML document.

    Args:
        data: the document, bytes.

    Raises:
        UnsafeXML: the document declares entities.
        ValueError: the document is not well-formed; the message says where.
    """
    check = expat.ParserCreate()
    check.EntityDeclHandler = _refuseEntity
    check.ExternalEntityRefHandler = _refuseEntity
    try:
        check.Parse(data, True)
        return minidom.parseString(data)
    except expat.ExpatError as error:
        raise ValueError(f"not a well-formed XML document: {error}") from None


def _refuseEntity(*declaration: Any) -> NoReturn:
    raise UnsafeXML(f"the document declares an entity ({declaration[0]!r}), which is not allowed")


def baseTransform(val: Any) -> Any:
    """Convert the string ``val`` to a number or Boolean if it represents one, else return it.

    >>> baseTransform("3"), baseTransform("True"), baseTransform("in")
    (3, True, 'in')
    """
    try:
        value = parseLiteral(val)
    except LiteralError:
        return val
    return value if isinstance(value, (bool, int, float)) else val


class XMLHandling:
    """A document and the file that it belongs to.

    Args:
        filename: the file.
        newfile: whether to create an empty document; otherwise the file is read.

    Attributes:
        root: the outermost element.

    Raises:
        UnsafeXML: the file declares entities.
        ValueError: the file is not an XML document.
    """

    def __init__(self, filename: StrPath, newfile: bool) -> None:
        self.filename = filename
        if newfile:
            self.dom = minidom.Document()
            self.root = None
        else:
            self.dom = parseSafely(Path(filename).read_bytes())
            self.root = self.dom.documentElement
            _dropLayout(self.root)

    def save(self) -> None:
        """Write the document to its file."""
        Path(self.filename).write_bytes(self.dom.toprettyxml().encode("utf-8"))

    # --- attributes ---

    def readAttrDict(self, node: Any, transform: Callable[[Any], Any] | None = None) -> dict[str, Any]:
        """Return the attributes of an element as a dictionary.

        Args:
            node: the element.
            transform: converts each value; None for `baseTransform`.
        """
        change = transform or baseTransform
        return {str(name): change(value) for name, value in node.attributes.items()}

    def writeAttrDict(
        self, node: Any, adict: Mapping[str, Any], transform: Callable[[Any], Any] | None = None
    ) -> None:
        """Write a dictionary as attributes of an element.

        Args:
            node: the element.
            adict: attribute name -> value.
            transform: converts each value to a string; None for ``str``.
        """
        change = transform or str
        for name, value in adict.items():
            node.setAttribute(name, change(value))

    # --- elements ---

    def newRootNode(self, name: str) -> Any:
        """Create the root element with a name."""
        self.root = self.dom.appendChild(self.dom.createElement(name))
        return self.root

    def newChild(self, node: Any, name: str) -> Any:
        """Return a new last element inside ``node``.

        Args:
            node: the parent element.
            name: name of the new element.
        """
        return node.appendChild(self.dom.createElement(name))

    def addTextNode(self, node: Any, text: str) -> None:
        """Add text at the end of ``node``.

        Args:
            node: the element.
            text: the text.
        """
        node.appendChild(self.dom.createTextNode(text))

    def getChild(self, node: Any, name: str) -> Any:
        """Return the first child element with a name, or None.

        Args:
            node: the parent element.
            name: name of the child.
        """
        return next((child for child in self.getChildrenOf(node) if child.tagName == name), None)

    def getChildrenOf(self, node: Any) -> list[Any]:
        """Return the child elements of ``node``."""
        return [child for child in node.childNodes if child.nodeType == child.ELEMENT_NODE]

    def findNode(self, name: str, index: int = 0, root: Any = None) -> Any:
        """Return the child element with a name and an index, or None.

        Args:
            name: name of the element.
            index: index among the children with this name.
            root: the parent element; None for the root.
        """
        found = [c for c in self.getChildrenOf(self.root if root is None else root) if c.tagName == name]
        return found[index] if -len(found) <= index < len(found) else None

    def findNamedNode(self, name: str, nameattr: str, root: Any = None) -> Any:
        """Return the first child element with a name and a value of its attribute ``name``, or None.

        Args:
            name: name of the element.
            nameattr: value of its attribute ``name``.
            root: the parent element; None for the root.
        """
        for child in self.getChildrenOf(self.root if root is None else root):
            if child.tagName == name and child.getAttribute("name") == nameattr:
                return child
        return None

    # --- numbers as text ---

    def writeDoubles(self, node: Any, l: Iterable[float], precision: int = 6) -> None:  # noqa: E741, PyBrain's name
        """Write numbers as the text of an element, separated by spaces.

        Args:
            node: the element.
            l: the numbers.
            precision: number of digits after the point.
        """
        self.addTextNode(node, " ".join(f"{value:.{precision}f}" for value in l))

    def writeMatrix(self, node: Any, m: Iterable[Iterable[float]], precision: int = 6) -> None:
        """Write a matrix with one element 'row' per row.

        Args:
            node: the element.
            m: the matrix, shape (rows, columns).
            precision: number of digits after the point.
        """
        for row in m:
            self.writeDoubles(self.newChild(node, "row"), row, precision)

    def readDoubles(self, node: Any) -> list[float]:
        """Read the numbers that :meth:`writeDoubles` wrote."""
        return [float(part) for part in textOf(node).split()]

    def readMatrix(self, node: Any) -> Any:
        """Read the rows that :meth:`writeMatrix` wrote, as an array."""
        import numpy as np

        return np.array([self.readDoubles(c) for c in self.getChildrenOf(node) if c.tagName == "row"])


def textOf(node: Any) -> str:
    """Return all text directly inside an element."""
    return "".join(child.data for child in node.childNodes if child.nodeType == child.TEXT_NODE)


def _dropLayout(node: Any) -> None:
    """Remove the whitespace between elements; writing adds it again."""
    for child in list(node.childNodes):
        if child.nodeType == child.ELEMENT_NODE:
            _dropLayout(child)
        elif child.nodeType == child.TEXT_NODE and not child.data.strip() and len(node.childNodes) > 1:
            node.removeChild(child)
