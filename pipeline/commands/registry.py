"""All subcommands: each is in the module of this package that has its name. Uses only the standard library."""

from __future__ import annotations

import os
from importlib import import_module

from pipeline.commands.base.command import Command
from pipeline.commands.run import RunCommand

DEFAULT: type[Command] = RunCommand
"""The command that runs if none is named."""


def _find_commands() -> tuple[type[Command], ...]:
    """Return the subclasses of `Command` whose module has their name, in the order of ``--help``."""
    files = os.listdir(os.path.dirname(__file__))  # noqa: PTH120, PTH208 - not worth loading pathlib
    names = [file.removesuffix(".py") for file in files if file.endswith(".py") and file != "__init__.py"]
    found = [
        value
        for name in names
        if f"{__package__}.{name}" != __name__
        for value in vars(import_module(f"{__package__}.{name}")).values()
        if isinstance(value, type) and issubclass(value, Command) and vars(value).get("name") == name
    ]
    return tuple(sorted(found, key=lambda command: (command.position, command.name)))


COMMANDS: tuple[type[Command], ...] = _find_commands()
"""The commands, in the order of ``--help``."""
