"""The command line: which commands there are and which options each takes. Standard library alone."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.commands import activate, convert, evaluate, inspect, submit
from pipeline.options import add_compose

DEFAULT_TIMEOUT = 300.0

_STATUSES = (
    "exit status: 0 done, 2 wrong usage, 65 bad data, 66 input missing, 69 engine unavailable, 70 a defect or "
    "a failed check, 73 cannot write, 75 timed out or busy, 130 interrupted; otherwise that of the container "
    "that failed"
)
_SELECTION = (
    "MODEL_PATH, MODEL_NAME, MODEL_FILE and DATA_PATH in the environment mean the same as they do for "
    "docker-compose; the options go before them"
)


def parse(
    arguments: Sequence[str], *, door: str | None = None, program: str | None = None
) -> argparse.Namespace:
    """Reads a command line.

    Args:
        arguments: without the program's name.
        door: the command that a script stands for; None where the first argument may name one.
        program: the name to show in ``--help``; None takes the script's.

    Returns:
        The options, with the command's name as ``command``.

    Raises:
        SystemExit: status 2 for wrong usage, 0 after ``--help``.
    """
    words = list(arguments)
    command = door
    if command is None and words and words[0] in COMMANDS:
        command = words.pop(0)
        program = f"{program or _script()} {command}"
    summary, add_options = COMMANDS[command or "run"]
    program = program or _script()
    parser = argparse.ArgumentParser(
        prog=program,
        usage=None if command else f"{program} [COMMAND] [options]",
        description=summary,
        epilog=_epilog(with_commands=command is None),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=command or "run")
    add_options(parser)
    if command == "test":
        known, rest = parser.parse_known_args(words)
        known.pytest = rest
        return known
    if command is None and words and not words[0].startswith("-"):
        parser.error(f"there is no command {words[0]!r}; there are: {', '.join(COMMANDS)}")
    return parser.parse_args(words)


def _script() -> str:
    import sys

    return Path(sys.argv[0]).name


def _epilog(*, with_commands: bool) -> str:
    lines = [_SELECTION + ".", "", _STATUSES + "."]
    if with_commands:
        lines += ["", "commands (each with its own --help):"]
        lines += [f"  {name:<9} {summary}" for name, (summary, _) in COMMANDS.items()]
    return "\n".join(_wrapped(line) for line in lines)


def _wrapped(line: str) -> str:
    import textwrap

    return textwrap.fill(line, 96, subsequent_indent=" " * 12 if line.startswith(" ") else "")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds between 0 and 86400")
    return value


def _selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", metavar="FILE|NAME", help="the network: a file, or the name of one in models/"
    )
    parser.add_argument("--data", metavar="FILE", help="the rows to answer: a CSV file")


def _engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine",
        choices=("auto", "docker", "local"),
        default="auto",
        help="docker: real containers; local: the same stages as processes, without a container engine; "
        "auto (default): docker where a daemon answers, else local",
    )
    add_compose(parser)
    parser.add_argument(
        "--no-build", action="store_true", help="use the images as they are; fail where one is missing"
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=DEFAULT_TIMEOUT,
        metavar="SECONDS",
        help=f"for the run of the stack; then it is taken down and the status is 75 (default {DEFAULT_TIMEOUT:.0f})",
    )


def _reporting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="the result as JSON on standard output, nothing else there"
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _stage(*parts: Callable[[argparse.ArgumentParser], None]) -> Callable[[argparse.ArgumentParser], None]:
    def add(parser: argparse.ArgumentParser) -> None:
        for part in (*parts, _reporting):
            part(parser)

    return add


def _test(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s [pytest options]"
    parser.description = "Runs the whole test suite; what follows goes to pytest (for example: -k iris)."


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "run": (
        "All three stages: prepare the files, test each container, run the stack; then the prediction.",
        _stage(_selection, _engine),
    ),
    "prepare": (
        "Stage 1: validate network and rows, put them into output/ and where the images are built from.",
        _stage(_selection),
    ),
    "check": (
        "Stage 2: build what is missing or stale, look at each container alone, as a tutor would.",
        _stage(_selection, _engine),
    ),
    "compose": (
        "Stage 3: run the stack with its output shown and kept, then take it down.",
        _stage(_selection, _engine),
    ),
    "activate": (activate.SUMMARY, _stage(activate.add_options)),
    "inspect": (inspect.SUMMARY, _stage(inspect.add_options)),
    "convert": (convert.SUMMARY, _stage(convert.add_options)),
    "evaluate": (evaluate.SUMMARY, _stage(evaluate.add_options)),
    "submit": (submit.SUMMARY, _stage(submit.add_options)),
    "test": ("The whole test suite.", _test),
}
