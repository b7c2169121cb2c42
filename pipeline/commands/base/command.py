"""A subcommand of the command line: its options, what it runs with, and its result. Uses only the standard library."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from common.console import Console
    from common.errors import PipelineError
    from common.project import Layout


class Context:
    """The layout, console and environment that every command runs with.

    Args:
        layout: the paths of the checkout.
        console: where the command prints.
        environment: the environment variables.
    """

    def __init__(self, layout: Layout, console: Console, environment: Mapping[str, str]) -> None:
        self.layout = layout
        self.console = console
        self.environment = environment


class Result:
    """The result of a command. Each command has a subclass with typed fields.

    Attributes:
        error: the error of a command that failed but has a result to report; None otherwise.
    """

    error: PipelineError | None = None

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        raise NotImplementedError


class Command(argparse.Namespace):
    """A subcommand. An instance is one parsed command line: its options are its attributes.

    To add a subcommand, write a subclass in a module of `pipeline.commands` that has its name; it is found
    there. The module is imported before `.venv` exists: import everything but the standard library in `run`.

    Attributes:
        name: the word that selects the command.
        position: the sort key of the command in ``--help``, in ascending order.
        summary: one sentence for ``--help``.
        epilog: the text below the options in ``--help``; None for the text about selecting files and exit status.
        usage: the usage line in ``--help``; None for the one that argparse generates.
        requirements: the lock file that the command needs, ``run`` or ``test``; empty if the standard library suffices.
        reads_env_file: whether the variables of `.env` are used, as by Compose.
        has_reporting_options: whether the command has ``--json`` and ``--debug``.
        json: whether the result is printed as JSON and nothing else is.
        debug: whether tracebacks are shown.
    """

    name: ClassVar[str]
    position: ClassVar[int] = 1000
    summary: ClassVar[str]
    epilog: ClassVar[str | None] = None
    usage: ClassVar[str | None] = None
    requirements: ClassVar[str] = "run"
    reads_env_file: ClassVar[bool] = False
    has_reporting_options: ClassVar[bool] = True
    json: bool = False
    debug: bool = False

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""

    @classmethod
    def parse(cls, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> Self:
        """Return the command with its options set.

        Args:
            parser: a parser with the options of the command.
            arguments: the command line without program and command name.

        Raises:
            SystemExit: status 2 for wrong usage, 0 after ``--help``.
        """
        return parser.parse_args(arguments, namespace=cls())

    def needs_checkout(self) -> bool:
        """Return whether the command, with its options, requires a checkout of the project."""
        return False

    def advice(self, error: PipelineError) -> str:
        """Return what a user of the command can do about an error, in the words of its options; empty if nothing.

        Args:
            error: the error that is shown.
        """
        from pipeline.advice import advice_for

        return advice_for(error)

    def run(self, context: Context) -> Result:
        """Run the command.

        Raises:
            PipelineError: the command failed; the error has the exit status.
        """
        raise NotImplementedError
