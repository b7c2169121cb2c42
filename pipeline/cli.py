"""The command line: parse the arguments, run the command, report its result.

Only the standard library is imported with this module, because it parses the command line before `.venv` exists.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.commands.base.options import HelpFormatter, add_reporting_options
from pipeline.commands.registry import COMMANDS, DEFAULT

if TYPE_CHECKING:
    import argparse

    from common.console import Console
    from common.errors import PipelineError
    from common.project import Layout
    from pipeline.commands.base.command import Command, Context, Result

_STATUSES = (
    "exit status: 0 done, 2 wrong usage, 65 invalid data, 66 input not found, 69 engine unavailable, "
    "70 internal error or failed check, 73 cannot write, 75 timed out or busy, 130 interrupted; otherwise the "
    "status of the container that failed."
)
_SELECTION = (
    "The environment variables MODEL_PATH, MODEL_NAME, MODEL_FILE and DATA_PATH, also in the file .env, have the same "
    "meaning as for docker-compose; the options take precedence. INPUT_COLUMNS, TARGET_COLUMNS and KEEP_COLUMNS, names "
    "separated by commas, are the columns of the rows that are the inputs, the expected outputs (or the class as "
    "text), and those that are passed through to the prediction."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line of the installed program: ``app07 [COMMAND] [options]``.

    Args:
        arguments: the arguments without the program's name; None for those of this process.

    Returns:
        The exit status.
    """
    return execute(parse(sys.argv[1:] if arguments is None else arguments, program="app07"))


def parse(arguments: Sequence[str], *, name: str | None = None, program: str | None = None) -> Command:
    """Parse a command line.

    Args:
        arguments: the arguments without the program's name.
        name: the command of a script; None if the first argument may name one.
        program: the program's name for ``--help``; None for the script's.

    Returns:
        The command with its options.

    Raises:
        SystemExit: status 2 for wrong usage, 0 after ``--help``.
    """
    words = list(arguments)
    program = program or os.path.basename(sys.argv[0])  # noqa: PTH119 - not worth loading pathlib
    by_name = {command.name: command for command in COMMANDS}
    if name is None and words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    if name is None and words and words[0] in by_name:
        name = words.pop(0)
        program = f"{program} {name}"
    kind = by_name[name] if name else DEFAULT
    parser = _parser(kind, program, is_default=name is None)
    if name is None and words and not words[0].startswith("-"):
        parser.error(_unknown(words[0], [*by_name, "help"]))
    if name is None:
        parser.add_argument("--version", action="version", version=_version())
    return kind.parse(parser, words)


def _unknown(word: str, commands: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, commands, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"unknown command {word!r}.{meant} The commands are: {', '.join(commands)}"


def _version() -> str:
    """Return the version, without an import of the package that has it, which needs `.venv`."""
    import platform

    from pipeline.checkout.version import project_version

    return f"app07 {project_version()} (Python {platform.python_version()})"


def _parser(kind: type[Command], program: str, *, is_default: bool) -> argparse.ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(
        prog=program,
        usage=f"{program} [COMMAND] [options]" if is_default else kind.usage,
        description=kind.summary,
        epilog=_epilog(with_commands=is_default) if kind.epilog is None else kind.epilog,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    kind.add_options(parser)
    if kind.has_reporting_options:
        add_reporting_options(parser)
    return parser


def _epilog(*, with_commands: bool) -> str:
    lines = [_SELECTION, "", _STATUSES]
    if with_commands:
        lines += ["", "commands (COMMAND --help shows the options of each):"]
        lines += [f"  {command.name:<10} {command.summary}" for command in COMMANDS]
    return "\n".join(lines)


def execute(command: Command, layout: Layout | None = None) -> int:
    """Run a parsed command and report its result. Requires the packages of `.venv`.

    Args:
        command: the command with its options.
        layout: the checkout; None for the one that this file belongs to, or the current folder if there is none.

    Returns:
        The exit status. Errors of the user are reported without a traceback.
    """
    from common.console import Console, use_utf8
    from common.errors import Interrupted, PipelineError
    from common.process import termination_as_interrupt
    from pipeline.checkout.locate import locate
    from pipeline.commands.base.command import Context

    use_utf8()
    console = Console(quiet=command.json)
    result: Result | None = None
    error: PipelineError | None
    try:
        with termination_as_interrupt():
            place = layout or locate(command.name, needs_checkout=command.needs_checkout())
            result = _run(command, Context(place, console, _environment(command, place, console)))
        error = result.error
    except PipelineError as failure:
        error = failure
    except KeyboardInterrupt:
        error = Interrupted("interrupted; everything that was started has been stopped")
    except BrokenPipeError:
        return _output_closed()
    except Exception as failure:
        error = _name_too_long(failure) or PipelineError(
            f"internal error: {type(failure).__name__}: {failure}",
            hint="Please report it together with the output of --debug.",
        )
        error.__cause__ = failure
    try:
        status = _report(command, console, result, error)
        sys.stdout.flush()  # a closed output fails here, not during interpreter shutdown
    except BrokenPipeError:
        return _output_closed()
    return status


def _name_too_long(failure: Exception) -> PipelineError | None:
    """Return the error for a path that is longer than the file system allows; None for other errors."""
    if not isinstance(failure, OSError) or failure.errno != errno.ENAMETOOLONG:
        return None
    from pybrain_runtime.errors import InputMissing

    name = str(failure.filename or "")
    return InputMissing(
        f"{name[:60]}... ({len(name):,} characters): no such file or folder; the name is too long",
        hint="Use a shorter path.",
    )


def _run(command: Command, context: Context) -> Result:
    """Run a command; if it needs an optional part of `.venv`, install that and run it again.

    A command that lacks a package has written nothing.
    """
    from pybrain_runtime.errors import MissingPackage

    try:
        return command.run(context)
    except MissingPackage as error:
        from common.extras import NotInstalled, can_install, ensure

        if isinstance(error, NotInstalled) or not can_install(error.extra, context.layout):
            raise
        ensure(error.extra, context.layout, context.console.note)
    return command.run(context)


def _environment(command: Command, layout: Layout, console: Console) -> Mapping[str, str]:
    """Return the environment variables of a command, and print which ones `.env` sets."""
    compose_is_configured = any(name.startswith("COMPOSE_") for name in os.environ)
    if not command.reads_env_file or not (compose_is_configured or (layout.root / ".env").exists()):
        return os.environ
    from common.env_file.variables import NAME, with_env_file

    variables = with_env_file(layout.root, os.environ)
    for note in variables.notes:
        console.note(note)
    if variables.from_file:
        console.print(f"{NAME} sets {', '.join(variables.from_file)}")
    return variables.values


def _report(command: Command, console: Console, result: Result | None, error: PipelineError | None) -> int:
    """Print error and result, and return the exit status."""
    from pybrain_runtime.container.advice import with_advice

    status = 0 if error is None else error.status
    document = {} if result is None else result.as_json()
    if error is not None:
        if command.debug:
            import traceback

            traceback.print_exception(error)
        text = with_advice(error, command.advice(error))
        console.error(text)
        document = {"error": text, **document}
    if command.json:
        import json

        json.dump({"status": status, **document}, sys.stdout, indent=2, ensure_ascii=False)
        print()
    return status


def _output_closed() -> int:
    """Return the exit status for a closed standard output, as after ``| head``."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + getattr(signal, "SIGPIPE", 13)
