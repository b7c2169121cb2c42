"""The training program: options, signals, progress, error messages and exit status."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FrameType

from pybrain_runtime.container.advice import with_advice
from pybrain_runtime.errors import ExitStatus, PipelineError
from training.advice import ENVIRONMENT, OPTIONS, advice_for
from training.errors import OptionError
from training.messages import EventStream, Messages, TextStream
from training.option_sources import Resolved, resolve_all
from training.options import (
    CONFIG,
    CREATE,
    EVALUATE,
    REFINE,
    SCENARIOS,
    TUNE,
    TrainingOptions,
    flag,
    table,
    variable,
)
from training.results.folder import ResultFolder
from training.scenarios import create, evaluate, refine
from training.search_options import RANGE, search_table

_BROKEN_PIPE = 128 + getattr(signal, "SIGPIPE", 13)


class Stop:
    """Records whether SIGINT or SIGTERM has requested a stop."""

    def __init__(self) -> None:
        self.requested = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._request)

    def _request(self, number: int, frame: FrameType | None) -> None:
        self.requested = True


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a scenario, and return its exit status.

    Args:
        arguments: the scenario and its options.
        environment: the environment variables.
    """
    stop = Stop()
    parsed = parse(arguments)
    if parsed.pop("end_with_input"):
        threading.Thread(target=_end_with_input, daemon=True).start()
    as_events = bool(parsed.pop("events"))
    scenario = str(parsed.pop("scenario"))
    together = json.loads(str(parsed.pop("options") or "{}"))
    given = together | {key: value for key, value in parsed.items() if value is not None}
    messages: Messages = (EventStream if as_events else TextStream)(sys.stdout, lambda: stop.requested)
    words = OPTIONS if as_events or given else ENVIRONMENT
    try:
        return run(scenario, resolve_all(given, environment), messages)
    except PipelineError as error:
        _debug(environment)
        messages.failed(with_advice(error, advice_for(error, words)), error.status)
        return error.status
    except BrokenPipeError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except Exception as error:
        _debug(environment)
        messages.failed(f"internal error: {type(error).__name__}: {error}", ExitStatus.INTERNAL_ERROR)
        return ExitStatus.INTERNAL_ERROR


def run(scenario: str, resolved: Resolved, messages: Messages) -> int:
    """Run a scenario.

    Args:
        scenario: create, refine, evaluate or tune.
        resolved: its options.
        messages: the output for progress and result.

    Returns:
        The exit status: 0, or 130 if training was interrupted.
    """
    options = resolved.training
    _check_paths(scenario, options)
    if scenario != EVALUATE:
        ResultFolder(options.out).check_inputs(resolved.config)
    if scenario == EVALUATE:
        messages.scored(evaluate(options))
        return 0
    if scenario == TUNE:
        from training.search.tune import tune  # imports multiprocessing

        messages.searched(tune(resolved, messages))
        return 0
    outcome = (create if scenario == CREATE else refine)(options, messages)
    messages.trained(outcome)
    return ExitStatus.INTERRUPTED if outcome.interrupted else ExitStatus.SUCCESS


def _check_paths(scenario: str, options: TrainingOptions) -> None:
    """Check that the required paths are set; the project's command line has defaults for them.

    Args:
        scenario: create, refine, evaluate or tune.
        options: the options.

    Raises:
        OptionError: a required path is not set.
    """
    needed = {REFINE: ("data", "out", "model"), EVALUATE: ("data", "model")}.get(scenario, ("data", "out"))
    missing = [name for name in needed if not getattr(options, name)]
    if missing:
        shown = " and ".join(f"{flag(name)} ({variable(name)})" for name in missing)
        raise OptionError(f"{shown} must be set.", option=missing[0])


def parse(arguments: Sequence[str]) -> dict[str, object]:
    """Parse the command line to the scenario and the options; an option that is not set is None.

    Args:
        arguments: the arguments, without the program name.

    Raises:
        SystemExit: status 2 for wrong usage, 0 after ``--help``.
    """
    parser = argparse.ArgumentParser(prog="python -m training", allow_abbrev=False)
    parser.add_argument("scenario", nargs="?", choices=SCENARIOS, default=CREATE)
    parser.add_argument("--events", action="store_true", help="print progress and result as JSON lines")
    parser.add_argument(
        "--end-with-input",
        action="store_true",
        help="exit when standard input is closed, because the parent process has ended",
    )
    parser.add_argument("--options", metavar="JSON", help="several options as one JSON object")
    parser.add_argument(flag(CONFIG), metavar="FILE", help="a TOML file with options")
    for row in table():
        about = {"default": None, "help": row.metadata["help"]}
        if isinstance(row.default, bool):
            parser.add_argument(flag(row.name), action=argparse.BooleanOptionalAction, **about)
        else:
            parser.add_argument(flag(row.name), metavar=row.metadata["metavar"] or "WORD", **about)
    for row in search_table():
        action = "append" if row.name == RANGE else "store"
        parser.add_argument(
            flag(row.name), metavar=row.metadata["metavar"], action=action, help=row.metadata["help"]
        )
    return vars(parser.parse_args(arguments))


def _end_with_input() -> None:
    with suppress(OSError):
        while os.read(sys.stdin.fileno(), 4096):
            pass
    os._exit(_BROKEN_PIPE)


def _debug(environment: Mapping[str, str]) -> None:
    if environment.get("APP07_DEBUG") == "1":
        import traceback

        traceback.print_exc()
