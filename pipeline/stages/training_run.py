"""A training in a process of its own, with single-threaded arithmetic, followed by its events."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from pipeline import process
from pipeline.errors import Interrupted, TrainingFailed
from pipeline.project import Layout
from pipeline.stages.model_registry import local_knowledge
from training.option_sources import Resolved, resolve, resolve_all
from training.options import CREATE, EVALUATE, PREFIX, TUNE, TrainingOptions
from training.search_options import SearchOptions

Event = dict[str, Any]

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def training_options(
    layout: Layout, scenario: str, given: Mapping[str, object], environment: Mapping[str, str]
) -> TrainingOptions:
    """Return the options of a run, with the paths of this checkout as defaults.

    Args:
        layout: the checkout.
        scenario: create, refine or evaluate.
        given: the options of the command line.
        environment: the environment variables.

    Raises:
        UsageError: an option is invalid or unknown.
    """
    return _with_paths(layout, scenario, resolve(given, environment), environment)


def search_options(layout: Layout, given: Mapping[str, object], environment: Mapping[str, str]) -> Resolved:
    """Return the options of a search, with the paths of this checkout and ranges as defaults.

    Args:
        layout: the checkout.
        given: the options of the command line.
        environment: the environment variables.

    Raises:
        UsageError: an option or a range is invalid or unknown.
    """
    from training.search.ranges import ranges_of  # the trainers take a moment

    resolved = resolve_all(given, environment)
    ranges = tuple((one.option, one.text) for one in ranges_of(resolved))
    options = _with_paths(layout, TUNE, resolved.training, environment)
    return replace(resolved, training=options, search=replace(resolved.search, range=ranges))


def _with_paths(
    layout: Layout, scenario: str, options: TrainingOptions, environment: Mapping[str, str]
) -> TrainingOptions:
    options = replace(options, data=options.data or str(layout.learning_base))
    if scenario not in (CREATE, TUNE):
        model = local_knowledge(layout, environment, options.model) if options.model else layout.own_knowledge
        options = replace(options, model=str(model))
    if scenario != EVALUATE and not options.out:
        folder = options.name or {CREATE: "current", TUNE: "tuned"}.get(scenario, "refined")
        options = replace(options, out=str(layout.training / folder))
    return options


def follow(
    scenario: str,
    options: TrainingOptions,
    environment: Mapping[str, str],
    *,
    on_event: Callable[[Event], None],
    on_line: Callable[[str], None],
    search: SearchOptions | None = None,
) -> Event:
    """Run a scenario and return its last event, ``trained``, ``scored`` or ``searched``.

    A first Ctrl-C stops the training after the current epoch, a second one ends it at once.

    Args:
        scenario: create, refine or evaluate.
        options: all options.
        environment: the environment variables.
        on_event: called with each event.
        on_line: called with each line that is not an event.
        search: the options of a search.

    Raises:
        TrainingFailed: it ended with an error.
        Interrupted: it was ended at once.
    """
    # -P: a module `training` in the working directory is not meant.
    command = [
        sys.executable,
        "-P",
        "-m",
        "training",
        scenario,
        "--events",
        "--options",
        _as_json(options, search),
    ]
    inherited = {key: value for key, value in environment.items() if not key.startswith(PREFIX)}
    program: process.Program | None = None
    events = _Events(on_event, on_line)
    try:
        with process.signals_deferred():
            program = process.Program(command, environment={**inherited, **dict.fromkeys(_THREADS, "1")})
        try:
            events.read(program)
        except KeyboardInterrupt:
            program.interrupt()
            on_event({"event": "stopping"})
            events.read(program)
    except BaseException as error:
        if program is not None:
            with process.ignore_signals():
                program.stop(grace=5.0)
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted(
                "interrupted; the training was ended at once",
                hint="--resume continues from its last checkpoint.",
            ) from None
        raise
    status = program.wait(60.0)
    if events.last is None or events.last["event"] == "failed":
        raise _failure(events.last, 70 if status is None else status)
    return events.last


class _Events:
    """Reads the output of the program.

    Attributes:
        last: the final event; None before it.
    """

    def __init__(self, on_event: Callable[[Event], None], on_line: Callable[[str], None]) -> None:
        self.last: Event | None = None
        self._on_event = on_event
        self._on_line = on_line

    def read(self, program: process.Program) -> None:
        for line in program.lines():
            event = _parsed(line)
            if event is None:
                self._on_line(line.rstrip("\n"))
                continue
            if event["event"] in ("trained", "scored", "searched", "failed"):
                self.last = event
            self._on_event(event)


def _parsed(line: str) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def _failure(event: Event | None, status: int) -> TrainingFailed:
    if event is None:
        return TrainingFailed(
            f"The training program ended with status {status} and without a result.",
            status=status or 70,
            hint="--resume continues from its last checkpoint.",
        )
    return TrainingFailed(event["text"], status=event["exit"])


def _as_json(options: TrainingOptions, search: SearchOptions | None) -> str:
    defaults = asdict(TrainingOptions()) | asdict(SearchOptions())
    values = asdict(options) | (asdict(search) if search else {})
    return json.dumps({key: value for key, value in values.items() if value != defaults[key]})
