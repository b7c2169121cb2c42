"""A hardened XML parser: elements, attributes and text, and nothing else that XML can do.

Document types and entities are refused, whatever they say; so no file can make another one be read, or a
short text grow. Nothing is looked up in the network, no encoding but UTF-8 and Latin-1 is taken.
"""

from __future__ import annotations

import time
from xml.parsers import expat

from .errors import KnowledgeError, UnsafeKnowledge
from .limits import Limits
from .names import shown

_ATTRIBUTE_LIMIT = 4096
_TEXT = "Parameters"
_CHECK_EVERY = 256


class Element:
    """An element of the file.

    Attributes:
        tag: its name.
        attributes: as written; values are text.
        children: the elements inside, in order.
        text: the text inside; kept for ``Parameters`` only.
    """

    __slots__ = ("attributes", "children", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""

    def find(self, tag: str) -> Element | None:
        """Returns the first child of that name."""
        return next((child for child in self.children if child.tag == tag), None)


def parse(data: bytes, name: str, limits: Limits) -> Element:
    """Returns the root element.

    Args:
        data: the whole file.
        name: its name, for messages.
        limits: elements (``opcodes``), nesting (``depth``), time.

    Raises:
        UnsafeKnowledge: it declares a document type or an entity.
        KnowledgeError: it is not well-formed, or beyond a limit.
    """
    return _Parser(name, limits).parse(_as_utf8(data))


def _as_utf8(data: bytes) -> bytes:
    plain = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    try:
        plain.decode("utf-8")
        return plain
    except UnicodeDecodeError:
        return plain.decode("latin1").encode("utf-8")


class _Parser:
    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._deadline = time.monotonic() + limits.seconds
        self._count = 0
        self._root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[str] = []
        # Whatever encoding the file declares, it is not looked up.
        parser = expat.ParserCreate("utf-8")
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
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            raise KnowledgeError(
                f"{self._name} is not well-formed XML: {expat.errors.messages[error.code]} "
                f"in line {error.lineno}, column {error.offset + 1}.",
                hint="Copy the file again, or save it again.",
                line=error.lineno,
            ) from None
        assert self._root is not None
        return self._root

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > self._limits.opcodes:
            raise self._beyond("elements", self._limits.opcodes)
        if len(self._open) >= self._limits.depth:
            raise self._beyond("levels of nesting", self._limits.depth)
        if self._count % _CHECK_EVERY == 0 and time.monotonic() > self._deadline:
            raise self._beyond("seconds of reading", self._limits.seconds)
        if any(len(value) > _ATTRIBUTE_LIMIT for value in attributes.values()):
            raise self._beyond("characters in one attribute", _ATTRIBUTE_LIMIT)
        element = Element(tag, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)
        self._texts.clear()

    def _end(self, tag: str) -> None:
        element = self._open.pop()
        if tag == _TEXT:
            element.text = "".join(self._texts)
        self._texts.clear()

    def _text(self, text: str) -> None:
        if self._open[-1].tag == _TEXT:
            self._texts.append(text)

    def _refuse(self, what: str) -> None:
        raise UnsafeKnowledge(
            f"{self._name} declares {shown(what)}, which a network saved by PyBrain never does; "
            "nothing of it was followed."
        )

    def _external(self, *_: object) -> int:
        self._refuse("an external entity")
        return 0

    def _beyond(self, what: str, limit: float) -> KnowledgeError:
        return KnowledgeError(f"{self._name} asks for more than {limit:,} {what}, the limit.", limit=limit)
