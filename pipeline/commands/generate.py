"""`generate`: generate a Compose, Swarm or Kubernetes file from a request."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context

if TYPE_CHECKING:
    from pipeline.commands.actions.generate import GenerateResult

# The targets of pipeline.compose, which is not imported here because it needs pydantic; a test compares them.
TARGETS = ("compose", "swarm", "kubernetes")

_EPILOG = (
    "REQUEST.json is described in docs/compose-generator.md; --schema prints its JSON schema.\n"
    "Nothing is downloaded: the generated file expects files with URL sources beside it, as in a bundle.\n\n"
    "exit status: 0 done, 2 wrong usage, 65 the request is refused, and no file is written, 66 no such request,\n"
    "69 a package is missing, 70 internal error, 73 cannot write, 130 interrupted"
)


class GenerateCommand(Command):
    """Generate a Compose, Swarm or Kubernetes file from a request.

    Attributes:
        request: the file of the request, ``-`` for standard input; None where none is needed.
        output: the file to write, ``-`` for standard output.
        target: the target format: compose, swarm or kubernetes.
        default: whether docker-compose.yml of this project is generated.
        schema: whether the JSON schema of requests is printed.
    """

    name = "generate"
    position = 82
    summary = "Generate a file for Compose, Swarm or Kubernetes from a request in JSON."
    epilog = _EPILOG

    request: str | None
    output: str
    target: str
    default: bool
    schema: bool

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument(
            "request", metavar="REQUEST.json", nargs="?", help="the request; - for standard input"
        )
        parser.add_argument(
            "-o",
            "--output",
            metavar="FILE",
            default="-",
            help="the file to write (default: -, standard output)",
        )
        parser.add_argument(
            "--target",
            choices=TARGETS,
            default=TARGETS[0],
            help=f"what the file is for (default: {TARGETS[0]})",
        )
        parser.add_argument(
            "--default",
            action="store_true",
            help="generate docker-compose.yml of this project, without a request",
        )
        parser.add_argument(
            "--schema", action="store_true", help="write the JSON schema of requests, and generate nothing"
        )

    def run(self, context: Context) -> GenerateResult:
        """Generate the file.

        Raises:
            UsageError: not exactly one of a request, --default and --schema is given.
            RequestRefused: the request is refused; nothing is written.
            InputMissing: the request file does not exist.
            CannotWrite: the file cannot be written.
            MissingPackage: a package cannot be installed.
        """
        from common.errors import UsageError
        from common.extras import ensure

        if [self.request is not None, self.default, self.schema].count(True) != 1:
            raise UsageError("Specify exactly one of REQUEST.json, --default and --schema.")
        ensure("generate", context.layout, context.console.note)
        # Imports pydantic, which may have been installed just now.
        from pipeline.commands.actions.generate import generate_file, write_default, write_schema

        if self.request is None:
            write = write_schema if self.schema else write_default
            return write(context.console, self.output)
        return generate_file(context.console, self.request, self.output, self.target)
