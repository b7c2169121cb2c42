"""The commands and options that can be completed, taken from the parsers."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Value:
    """The value of an option, or a positional argument.

    Attributes:
        name: the name in the help text.
        choices: the words that are allowed; empty for any.
        is_file: whether the value may be a file or folder.
    """

    name: str
    choices: tuple[str, ...] = ()
    is_file: bool = False


@dataclass(frozen=True)
class Option:
    """An option.

    Attributes:
        flags: the names of the option, such as ``-o`` and ``--output``.
        help: the help text, in one line.
        value: the value of the option; None if it takes none.
    """

    flags: tuple[str, ...]
    help: str
    value: Value | None = None


@dataclass(frozen=True)
class Syntax:
    """What can follow the name of a command.

    Attributes:
        name: the name of the command.
        summary: one sentence about the command.
        options: the options of the command.
        arguments: the positional arguments of the command.
    """

    name: str
    summary: str
    options: tuple[Option, ...]
    arguments: tuple[Value, ...]


_WIDTH = 100
_FILES = ("FILE", "FOLDER", "DIR", "OUT", "DATA", "KNOWLEDGE", "ZIP", "REQUEST")
"""The words in the names of values that are files or folders."""


def syntax_of(name: str, summary: str, parser: argparse.ArgumentParser) -> Syntax:
    """Return the options and arguments of a command.

    Args:
        name: the name of the command.
        summary: one sentence about the command.
        parser: the parser of the command's options.
    """
    actions = [action for action in parser._actions if action.help != argparse.SUPPRESS]
    options = tuple(_option(action) for action in actions if action.option_strings)
    arguments = tuple(_value(action) for action in actions if not action.option_strings)
    return Syntax(name, _line(summary), options, arguments)


def _option(action: argparse.Action) -> Option:
    takes_value = action.nargs != 0 and not isinstance(action, argparse.BooleanOptionalAction)
    return Option(
        tuple(action.option_strings), _line(action.help or ""), _value(action) if takes_value else None
    )


def _value(action: argparse.Action) -> Value:
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    choices = tuple(str(choice) for choice in _choices(action))
    is_file = not choices and any(word in _FILES for word in metavar.upper().split("|"))
    return Value(metavar, choices, is_file)


def _choices(action: argparse.Action) -> Iterable[object]:
    return () if action.choices is None else action.choices


def _line(text: str) -> str:
    """Return a help text in one short line, without argparse's escapes."""
    return textwrap.shorten(
        text.replace("%%", "%").partition(" (default")[0], _WIDTH, placeholder=" ..."
    ).rstrip(".")
