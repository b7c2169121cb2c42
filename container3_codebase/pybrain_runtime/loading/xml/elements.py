"""A hardened XML parser: it supports elements, attributes and text only.

Document types and entities are refused, so that no other file is read and no text is expanded. Nothing is fetched
from the network. The only encodings are UTF-8 and Latin-1.
"""

from __future__ import annotations

import codecs
from xml.parsers import expat

from pybrain_runtime.errors import KnowledgeError, MalformedKnowledge, UnsafeKnowledge
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.io.signatures import UTF8_BOM
from pybrain_runtime.limits import Limits
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.xml.numbers import Numbers

_NAME_LIMIT = 4_096
_VALUE_LIMIT = 1 << 16  # a CaptureGameNetwork lists its shared weights in one value
_ATTRIBUTES = 64
_DISTINCT = 1_000
_NUMBERS = "Parameters"
_CHECK_EVERY = 256
_BLOCK = 1 << 16
_LONGEST_TAG = 4 * _BLOCK
_ELEMENT, _PAIR, _LIST = 330, 130, 500  # bytes, without the text of names and values, and numbers


class Element:
    """An element of the file.

    Attributes:
        tag: its name.
        attributes: its attributes, as text.
        children: its child elements, in order.
        numbers: the numbers in its text; parsed for ``Parameters`` only.
    """

    __slots__ = ("attributes", "children", "numbers", "tag")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element] = []
        self.numbers: Numbers | None = None

    def find(self, tag: str) -> Element | None:
        """Return the first child with a tag; None if there is none."""
        return next((child for child in self.children if child.tag == tag), None)


def parse(data: bytes, name: str, limits: Limits, budget: Budget) -> Element:
    """Return the root element.

    Args:
        data: the whole file.
        name: its name, for messages.
        limits: the limits on elements (``opcodes``), nesting (``depth``) and numbers (``array_elements``).
        budget: what is left of the limits.

    Raises:
        UnsafeKnowledge: the file declares a document type or an entity.
        KnowledgeError: the file is not well-formed, or exceeds a limit.
    """
    return _Parser(name, limits, budget, "utf-8" if _is_utf8(data) else "iso-8859-1").parse(data)


def _is_utf8(data: bytes) -> bool:
    """Return whether bytes are UTF-8. They are decoded in blocks, because the text could be four times as large."""
    if data.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _BLOCK):
            decoder.decode(data[start : start + _BLOCK])
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


class _Parser:
    """Passes small blocks to expat, and counts what it parses.

    The memory of each element and attribute, a few hundred bytes, is charged to the budget. The memory of expat itself
    is bounded by the size of a block and by the limit on the length of a tag.
    """

    def __init__(self, name: str, limits: Limits, budget: Budget, encoding: str) -> None:
        self._name = name
        self._limits = limits
        self._budget = budget
        self._count = 0
        self._numbers_left = limits.array_elements
        self._known: set[str] = set()
        self._root: Element | None = None
        self._open: list[Element] = []
        # The encoding that the file declares is ignored.
        parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = lambda *_: self._refuse("a document type")
        parser.EntityDeclHandler = lambda *_: self._refuse("an entity")
        parser.UnparsedEntityDeclHandler = lambda *_: self._refuse("an entity")
        parser.ExternalEntityRefHandler = self._external
        parser.ProcessingInstructionHandler = lambda *_: self._refuse("a processing instruction")
        self._parser = parser

    def parse(self, data: bytes) -> Element:
        """Return the root element; leading whitespace is skipped."""
        start = len(UTF8_BOM) if data.startswith(UTF8_BOM) else 0
        head = data[start : start + _BLOCK]
        start += len(head) - len(head.lstrip())
        try:
            self._feed(data, start)
        except expat.ExpatError as error:
            raise MalformedKnowledge(
                f"{self._name} is not well-formed XML: {expat.errors.messages[error.code]} "
                f"at line {error.lineno}, column {error.offset + 1}.",
                hint="Copy the file again, or save it again.",
                line=error.lineno,
            ) from None
        assert self._root is not None
        return self._root

    def _feed(self, data: bytes, start: int) -> None:
        since = start  # the last block in which expat made progress
        for position in range(start, len(data), _BLOCK):
            before = self._parser.CurrentByteIndex
            self._parser.Parse(data[position : position + _BLOCK], False)
            self._budget.check_time()
            if self._parser.CurrentByteIndex != before:
                since = position
            elif position - since >= _LONGEST_TAG:
                raise self._limit_exceeded("bytes in one tag", _LONGEST_TAG)
        self._parser.Parse(b"", True)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > self._limits.opcodes:
            raise self._limit_exceeded("elements", self._limits.opcodes)
        if len(self._open) >= self._limits.depth:
            raise self._limit_exceeded("levels of nesting", self._limits.depth)
        if self._count % _CHECK_EVERY == 0:
            self._budget.check_time()
        self._charge(tag, attributes)
        element = Element(tag, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        if tag == _NUMBERS:
            element.numbers = Numbers(self._numbers_left)
        self._open.append(element)

    def _charge(self, tag: str, attributes: dict[str, str]) -> None:
        if len(attributes) > _ATTRIBUTES:
            raise self._limit_exceeded("attributes in one element", _ATTRIBUTES)
        known = self._known
        if tag not in known or not known.issuperset(attributes):
            known.update(attributes, (tag,))
            if len(known) > _DISTINCT:  # expat keeps each of them
                raise self._limit_exceeded("names of elements and attributes", _DISTINCT)
        size = _ELEMENT + (_LIST if tag == _NUMBERS else 0)
        for key, value in attributes.items():
            if len(key) > _NAME_LIMIT:
                raise self._limit_exceeded("characters in the name of an attribute", _NAME_LIMIT)
            if len(value) > _VALUE_LIMIT:
                raise self._limit_exceeded("characters in one attribute", _VALUE_LIMIT)
            size += _PAIR + value.__sizeof__()
        self._budget.charge(size)

    def _end(self, tag: str) -> None:
        element = self._open.pop()
        if element.numbers is not None:
            self._numbers_left -= element.numbers.finish()

    def _text(self, text: str) -> None:
        numbers = self._open[-1].numbers
        if numbers is not None:
            numbers.feed(text)

    def _refuse(self, what: str) -> None:
        raise UnsafeKnowledge(
            f"{self._name} declares {escaped(what)}, which a network saved by PyBrain never does; "
            "nothing was expanded."
        )

    def _external(self, *_: object) -> int:
        self._refuse("an external entity")
        return 0

    def _limit_exceeded(self, what: str, limit: float) -> KnowledgeError:
        return self._budget.limit_exceeded(what, limit)
