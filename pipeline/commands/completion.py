"""`completion`: print a script that completes the command line in a shell."""

from __future__ import annotations

import argparse

from pipeline.commands.base.command import Command, Context, Result
from pipeline.commands.base.options import add_reporting_options

_EPILOG = (
    "Run the line for your shell; add it to the shell's startup file to enable completion permanently:\n"
    "  bash  source <(app07 completion bash)\n"
    "  zsh   source <(app07 completion zsh)     after compinit\n"
    "  fish  app07 completion fish | source\n\n"
    "Completion is for the installed program app07, including .venv/bin/app07.\n\n"
    "exit status: 0 done, 2 wrong usage"
)
_PROGRAM = "app07"


class CompletionResult(Result):
    """The result of `completion`.

    Args:
        shell: bash, zsh or fish.
        script: the completion script.
    """

    def __init__(self, shell: str, script: str) -> None:
        self.shell = shell
        self.script = script

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        return {"shell": self.shell, "script": self.script}


class CompletionCommand(Command):
    """Print the completion script for a shell.

    Attributes:
        shell: bash, zsh or fish.
    """

    name = "completion"
    position = 145
    summary = "Print a script that completes commands, options and files in bash, zsh or fish."
    epilog = _EPILOG
    requirements = ""

    shell: str

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument(
            "shell", metavar="SHELL", choices=("bash", "zsh", "fish"), help="bash, zsh or fish"
        )

    def run(self, context: Context) -> CompletionResult:
        """Print the completion script."""
        from pipeline.commands.registry import COMMANDS, DEFAULT
        from pipeline.completion import bash, fish, zsh
        from pipeline.completion.syntax import syntax_of

        render = {"bash": bash.render, "zsh": zsh.render, "fish": fish.render}[self.shell]
        commands = [syntax_of(each.name, each.summary, _parser(each)) for each in COMMANDS]
        script = render(_PROGRAM, DEFAULT.name, commands)
        context.console.print(script.removesuffix("\n"))
        return CompletionResult(self.shell, script)


def _parser(command: type[Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    command.add_options(parser)
    if command.has_reporting_options:
        add_reporting_options(parser)
    return parser
