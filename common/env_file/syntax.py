"""Parse a `.env` file, and report values that docker-compose 1.29 and docker compose 2 read differently.

1.29 reads the file with python-dotenv, 2.x with its own parser. They differ in details of quotes, escapes and
interpolation. A value that they read differently is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from common.errors import UsageError

MAX_BYTES = 1 << 20

_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z0-9_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*")
_BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_AFTER_QUOTE = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"\\": "\\", '"': '"', "n": "\n"}
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}$\\\"']*))?\}")
_STRAY_DOLLAR = re.compile(r"\$[A-Za-z_{$\0]")
_OTHER_SPACE = re.compile(r"[^\S ]#")


class EnvFileError(UsageError):
    """The file cannot be parsed, or the two versions of Compose read it differently.

    Attributes:
        line: the line number, starting at 1; 0 if the error is not about a line.
    """

    def __init__(self, message: str, *, hint: str = "", line: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.line = line


class Assignment(NamedTuple):
    """An assignment of a variable in the file.

    Attributes:
        name: the name of the variable.
        value: the value; empty if there is a problem.
        line: the number of the first line, starting at 1.
        problem: why the two versions of Compose read different values; empty if they read the same.
    """

    name: str
    value: str
    line: int
    problem: str = ""


def parse(content: bytes, environment: Mapping[str, str], file: str = ".env") -> tuple[Assignment, ...]:
    """Return the assignments of a file in order. If a variable is assigned several times, the last one counts.

    Args:
        content: the content of the file in bytes.
        environment: the environment variables, for references such as ``${NAME}``.
        file: the file name for messages.

    Raises:
        EnvFileError: Compose could not parse the file, or its versions would disagree on where a value ends.
    """
    parser = _Parser(_decoded(content, file), environment, file, crlf=b"\r\n" in content)
    return tuple(parser.assignments())


def parse_leniently(text: str) -> dict[str, str]:
    """Return the values of an untrusted file. Lines that cannot be parsed and ambiguous values are skipped.

    Args:
        text: the content of the file.
    """
    parser = _Parser(text.replace("\r\n", "\n"), {}, ".env", crlf="\r\n" in text, skips=True)
    return {each.name: each.value for each in parser.assignments() if not each.problem}


def _decoded(content: bytes, file: str) -> str:
    if len(content) > MAX_BYTES:
        raise EnvFileError(f"{file} has {len(content):,} bytes; at most {MAX_BYTES:,} are allowed.")
    line = content.count(b"\n", 0, max(content.find(b"\0"), 0)) + 1
    if b"\0" in content:
        raise EnvFileError(f"{file} line {line} contains a NUL character.", line=line)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise EnvFileError(
            f"{file} line {line} is not valid UTF-8.", hint="Save the file in UTF-8.", line=line
        ) from None
    text = text.replace("\r\n", "\n")
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        raise EnvFileError(
            f"{file} line {line} contains a carriage return that does not end the line.",
            hint="Save the file with LF line endings.",
            line=line,
        )
    return text


class _Parser:
    def __init__(
        self, text: str, environment: Mapping[str, str], file: str, *, crlf: bool, skips: bool = False
    ) -> None:
        self._text = text
        self._environment = environment
        self._file = file
        self._crlf = crlf
        self._skips = skips
        self._position = 0
        self._line = 1
        self._earlier: dict[str, str | None] = {}

    def assignments(self) -> list[Assignment]:
        found: list[Assignment] = []
        while self._position < len(self._text):
            if blank := _BLANK.match(self._text, self._position):
                self._advance(blank.end())
                continue
            try:
                found.append(self._assignment())
            except EnvFileError:
                if not self._skips:
                    raise
                end = self._text.find("\n", self._position) + 1
                self._advance(end or len(self._text))
                continue
            self._earlier[found[-1].name] = None if found[-1].problem else found[-1].value
        return found

    def _assignment(self) -> Assignment:
        match = _NAME.match(self._text, self._position)
        if match is None:
            raise self._error("is not NAME=VALUE", "Write NAME=VALUE, or begin the line with #.")
        line, name = self._line, match[1]
        first = self._text[match.end() : match.end() + 1]
        if first in ("'", '"'):
            value, problem = self._quoted(match.end(), first)
        else:
            end = self._text.find("\n", match.end())
            end = len(self._text) if end < 0 else end
            value, problem = self._unquoted(self._text[match.end() : end])
            self._advance(end + 1)
        return Assignment(name, "" if problem else value, line, problem)

    def _quoted(self, position: int, quote: str) -> tuple[str, str]:
        match = (_SINGLE if quote == "'" else _DOUBLE).match(self._text, position)
        if match is None:
            raise self._error(f"has an unclosed quote ({quote})", "Add the closing quote.")
        if quote == "'" and match[1].endswith("\\"):
            raise self._error(
                "has a backslash before a single quote", "Use double quotes, with \\\\ for a backslash."
            )
        after = _AFTER_QUOTE.match(self._text, match.end())
        if after is None:
            raise self._error("continues after the closing quote", "Put the whole value in quotes.")
        self._advance(after.end())
        if "\n" in match[1] and self._crlf:
            return "", "a line break in a file with CRLF line endings"
        return self._single(match[1]) if quote == "'" else self._double(match[1])

    def _single(self, text: str) -> tuple[str, str]:
        if "\\\\" in text:
            return "", "two backslashes in single quotes"
        if "${" in text:
            return "", "${ in single quotes"
        return text, ""

    def _double(self, text: str) -> tuple[str, str]:
        if any(character not in _ESCAPES for character in _ESCAPE.findall(text)):
            return "", 'a backslash before a character other than \\, " or n in double quotes'
        if "\\" in text and "$" in text:
            return "", "a backslash together with $"
        return self._expanded(_ESCAPE.sub(lambda match: _ESCAPES[match[1]], text))

    def _unquoted(self, text: str) -> tuple[str, str]:
        text = text.partition(" #")[0]
        if _OTHER_SPACE.search(text) or text.strip() != text.strip(" "):
            return "", "white space other than a space before a comment or at either end of the value"
        if "\\" in text and "$" in text:
            return "", "a backslash together with $"
        return self._expanded(text.strip(" "))

    def _expanded(self, text: str) -> tuple[str, str]:
        """Return a value with its references expanded, and the reason if they cannot be."""
        if _STRAY_DOLLAR.search(_REFERENCE.sub("\0", text)):
            return "", "a $ that is not part of ${NAME} or ${NAME:-DEFAULT}"
        values = {match[1]: self._value_of(match[1], match[2] or "") for match in _REFERENCE.finditer(text)}
        for name, value in values.items():
            if value is None:
                return "", f"${{{name}}}, which differs between the file and the shell, or is empty"
        return _REFERENCE.sub(lambda match: self._value_of(match[1], match[2] or "") or "", text), ""

    def _value_of(self, name: str, default: str) -> str | None:
        """Return the value of a reference; None if it differs, as 1.29 prefers the file and 2.x the shell."""
        values = [source[name] for source in (self._earlier, self._environment) if name in source]
        if not values:
            return default
        if len(set(values)) > 1 or (values[0] == "" and default):
            return None
        return values[0]

    def _advance(self, position: int) -> None:
        self._line += self._text.count("\n", self._position, position)
        self._position = position

    def _error(self, what: str, hint: str) -> EnvFileError:
        return EnvFileError(f"{self._file} line {self._line} {what}.", hint=hint, line=self._line)
