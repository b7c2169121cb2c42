"""Reads text from a pickle: strings of Python 2, escapes of protocol 0, and UTF-8. Memory is charged in advance."""

from __future__ import annotations

import codecs
import re
from functools import cache

from pybrain_runtime.loading.pickle.byte_source import SHORT
from pybrain_runtime.loading.pickle.stack_machine import StackMachine


def push_quoted(machine: StackMachine) -> None:
    """Push a string in quotes (STRING), with Python 2's escapes, on a line of its own."""
    line = machine.long_line()
    if len(line) < 2 or line[0] != line[-1] or line[0] not in b"'\"":
        raise ValueError("a string without quotes")
    inside = line[1:-1]
    if not _python2_string().fullmatch(inside):
        raise ValueError("a string with an unknown escape")
    plain = codecs.escape_decode(inside)[0]
    if len(plain) > SHORT:
        machine.budget.charge(len(plain))
    machine.push(plain.decode("latin1"))


def push_escaped(machine: StackMachine) -> None:
    r"""Push text (UNICODE) with ``\u`` escapes on a line of its own."""
    line = machine.long_line()
    if len(line) > SHORT:
        # An escape is six bytes and gives one character, of four bytes at most.
        machine.budget.charge(len(line) if _is_latin1(line) else 4 * len(line))
    machine.push(text := codecs.raw_unicode_escape_decode(line)[0])
    if len(line) <= SHORT and not text.isascii():
        machine.budget.charge(4 * len(line))


def push_utf8(machine: StackMachine, size: int) -> None:
    """Push text in UTF-8 (BINUNICODE and similar).

    Args:
        machine: the pickle machine.
        size: length in bytes.
    """
    if size > SHORT:
        view = machine.view(size)
        machine.budget.charge_text(view)
        machine.push(str(view, "utf-8"))  # surrogates, allowed one by one, would take seconds
        return
    machine.push(text := machine.take(size).decode("utf-8", "surrogatepass"))
    if not text.isascii():
        machine.budget.charge(4 * size)


def push_latin1(machine: StackMachine, size: int) -> None:
    """Push a string of Python 2 as Latin-1, which keeps each byte (BINSTRING and similar).

    Args:
        machine: the pickle machine.
        size: length in bytes.
    """
    if size > SHORT:
        machine.budget.charge(size)
        machine.push(str(machine.view(size), "latin1"))
    else:
        machine.push(machine.take(size).decode("latin1"))


@cache
def _python2_string() -> re.Pattern[bytes]:
    # Possessive quantifiers need no memory for backtracking, which would be forty bytes per byte of text.
    return re.compile(rb"(?:[^\\]++|\\[\\'\"abfnrtv]|\\x[0-9a-fA-F]{2})*+", re.DOTALL)


def _is_latin1(line: bytes | memoryview) -> bool:
    """Return whether a line of protocol 0 has no escape for a character beyond Latin-1."""
    return _beyond_latin1().search(line) is None


@cache
def _beyond_latin1() -> re.Pattern[bytes]:
    return re.compile(rb"\\u(?!00[0-9a-fA-F]{2})|\\U(?!000000[0-9a-fA-F]{2})")
