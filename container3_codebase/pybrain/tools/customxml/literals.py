"""Values as text: reads Python literals for numbers, strings, lists and so on, without executing anything.

PyBrain writes ``repr(value)`` and reads with ``eval``, which executes any code in a file, and which
fails on ``np.float64(0.5)``, the representation of numbers in NumPy 2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


_WORDS = {
    "None": None,
    "True": True,
    "False": False,
    "nan": float("nan"),
    "inf": float("inf"),
}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<text>[uUbB]?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))
    | (?P<word>[-+]?[A-Za-z_][A-Za-z0-9_.]*)
    | (?P<mark>[\[\](){},:])
    )""",
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_WRAPPERS = re.compile(r"(?:np|numpy)\.(?:float|int|uint|bool)\w*$")
_MAX_DEPTH = 50


class LiteralError(ValueError):
    """The text is not a plain value."""


def parseLiteral(text: str) -> Any:
    """Parse a Python literal.

    Supports None, True, False, numbers (including nan and inf), quoted strings, lists, tuples, dictionaries, and
    NumPy's ``np.float64(..)`` and ``array([..])`` around them.

    Args:
        text: the value as Python writes it.

    Raises:
        LiteralError: the text is anything else; nothing is ever called or looked up.
    """
    reader = _Reader(text)
    value = reader.value(0)
    reader.end()
    return value


def parseNumbers(text: str) -> Array:
    """Parse a list of numbers, such as ``[0.5, np.float64(1.0)]``, into an array of shape (n,).

    Raises:
        LiteralError: an item is not a number.
    """
    plain = re.sub(r"(?:np|numpy)\.float\d+\(([^()]*)\)", r"\1", text).strip()
    plain = re.sub(r"^array\(\s*(\[.*\])\s*(?:,\s*dtype=\S+?)?\)$", r"\1", plain, flags=re.DOTALL)
    if plain[:1] not in ("[", "(") or plain[-1:] != _CLOSING[plain[0]]:
        raise LiteralError(f"expected a list of numbers, found {_short(text)}")
    inner = plain[1:-1].strip().rstrip(",")
    try:
        return np.array([float(part) for part in inner.split(",")] if inner else [], dtype=np.float64)
    except ValueError as error:
        raise LiteralError(f"expected a list of numbers: {error}") from None


def formatLiteral(value: Any) -> str:
    """Format ``value`` as Python writes it, NumPy scalars as ordinary numbers; :func:`parseLiteral` reads it."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if type(value) is tuple:
        inner = ", ".join(formatLiteral(v) for v in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if type(value) is list:
        return f"[{', '.join(formatLiteral(v) for v in value)}]"
    if type(value) is dict:
        return "{" + ", ".join(f"{formatLiteral(k)}: {formatLiteral(v)}" for k, v in value.items()) + "}"
    return repr(value)


class _Reader:
    """Reads the tokens of a text one after another."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def next(self) -> tuple[str, str]:
        match = _TOKEN.match(self.text, self.position)
        if not match:
            raise LiteralError(f"not a Python literal: {_short(self.text)}")
        self.position = match.end()
        kind = str(match.lastgroup)
        return kind, match.group(kind)

    def peek(self) -> tuple[str, str]:
        position = self.position
        token = self.next()
        self.position = position
        return token

    def end(self) -> None:
        if self.text[self.position :].strip():
            raise LiteralError(f"not a Python literal: {_short(self.text)}")

    def value(self, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise LiteralError(f"nested more than {_MAX_DEPTH} deep: {_short(self.text)}")
        kind, token = self.next()
        if kind == "number":
            return int(token) if re.fullmatch(r"[-+]?\d+", token) else float(token)
        if kind == "text":
            return _unquoted(token)
        if kind == "word":
            return self.word(token, depth)
        if token in _CLOSING:
            return self.collection(token, depth)
        raise LiteralError(f"not a Python literal: {_short(self.text)}")

    def word(self, token: str, depth: int) -> Any:
        bare = token.lstrip("+-")
        if bare in _WORDS:
            value: Any = _WORDS[bare]
            if bare != token and not isinstance(value, float):
                raise LiteralError(f"not a Python literal: {_short(self.text)}")
            return -value if token.startswith("-") else value
        if token in ("array", "np.array", "numpy.array") or _WRAPPERS.match(token):
            items = self.call(depth)
            if len(items) == 1:
                return items[0]
        raise LiteralError(f"not a Python literal: {_short(self.text)}")

    def call(self, depth: int) -> Any:
        if self.next() != ("mark", "("):
            raise LiteralError(f"not a Python literal: {_short(self.text)}")
        return self.items(")", depth)

    def collection(self, mark: str, depth: int) -> Any:
        if mark == "[":
            return self.items("]", depth)
        if mark == "{":
            return self.dictionary(depth)
        before = self.position
        items = self.items(")", depth)
        # One value in parentheses is that value; followed by a comma, it is a tuple.
        lone = len(items) == 1 and not self.text[before : self.position - 1].rstrip().endswith(",")
        return items[0] if lone else tuple(items)

    def items(self, closing: str, depth: int) -> Any:
        items: list[Any] = []
        while True:
            if self.peek() == ("mark", closing):
                self.next()
                return items
            items.append(self.value(depth + 1))
            kind, token = self.next()
            if (kind, token) == ("mark", closing):
                return items
            if (kind, token) != ("mark", ","):
                raise LiteralError(f"not a Python literal: {_short(self.text)}")

    def dictionary(self, depth: int) -> Any:
        result: dict[Any, Any] = {}
        while True:
            if self.peek() == ("mark", "}"):
                self.next()
                return result
            key = self.value(depth + 1)
            if isinstance(key, (list, dict)) or self.next() != ("mark", ":"):
                raise LiteralError(f"not a Python literal: {_short(self.text)}")
            result[key] = self.value(depth + 1)
            kind, token = self.next()
            if (kind, token) == ("mark", "}"):
                return result
            if (kind, token) != ("mark", ","):
                raise LiteralError(f"not a Python literal: {_short(self.text)}")


_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}


def _unquoted(token: str) -> str:
    inner = token.lstrip("uUbB")[1:-1]

    def plain(match: Any) -> str:
        code = match.group(1)
        if len(code) > 1:
            return chr(int(code[1:], 16))
        return _ESCAPED.get(code, code)

    try:
        return _ESCAPE.sub(plain, inner)
    except (ValueError, OverflowError):
        raise LiteralError(f"not a string literal: {_short(token)}") from None


def _short(text: str) -> str:
    text = str(text)
    return repr(text if len(text) <= 60 else text[:57] + "...")
