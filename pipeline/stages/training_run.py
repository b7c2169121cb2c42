"""Run the training program in a separate process or container, and follow its events."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from common.errors import ExitStatus, Interrupted, TrainingFailed
from common.project import Layout
from pipeline.engines.training_program import LocalTraining, TrainingEngine, TrainingProgram
from pipeline.stages.registered_models import local_knowledge
from training.errors import OptionError
from training.option_sources import Resolved, resolve_all
from training.options import CREATE, EVALUATE, TUNE, TrainingOptions
from training.search_options import SearchOptions

Event = dict[str, Any]


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
        OverwritesInput: the results would replace or remove the file with the options.
    """
    return _with_paths(layout, scenario, resolve_all(given, environment), environment)


def search_options(layout: Layout, given: Mapping[str, object], environment: Mapping[str, str]) -> Resolved:
    """Return the options of a search, with the paths of this checkout and ranges as defaults.

    Args:
        layout: the checkout.
        given: the options of the command line.
        environment: the environment variables.

    Raises:
        UsageError: an option or a range is invalid or unknown.
        OverwritesInput: the results would replace or remove the file with the options.
    """
    from training.search.ranges import ranges_of  # the trainers take a moment

    resolved = resolve_all(given, environment)
    ranges = tuple((one.option, one.text) for one in ranges_of(resolved))
    options = _with_paths(layout, TUNE, resolved, environment)
    return replace(resolved, training=options, search=replace(resolved.search, range=ranges))


def _with_paths(
    layout: Layout, scenario: str, resolved: Resolved, environment: Mapping[str, str]
) -> TrainingOptions:
    options = replace(resolved.training, data=resolved.training.data or str(layout.learning_base))
    if scenario not in (CREATE, TUNE):
        model = local_knowledge(layout, environment, options.model) if options.model else layout.own_knowledge
        options = replace(options, model=str(model))
    if scenario != EVALUATE and not options.out:
        folder = options.name or {CREATE: "current", TUNE: "tuned"}.get(scenario, "refined")
        options = replace(options, out=str(layout.training / folder))
    _check_out(layout, options)
    if scenario != EVALUATE and resolved.config:  # the program receives the options, but not the file
        from training.results.folder import ResultFolder  # NumPy takes a moment

        ResultFolder(options.out).check_inputs(resolved.config)
    return options


def _check_out(layout: Layout, options: TrainingOptions) -> None:
    """Check that results are not written to the sources of the checkout.

    Raises:
        OptionError: the results folder belongs to the sources.
    """
    if options.out and layout.is_source(Path(options.out)):
        results, models = layout.shown(layout.training), layout.shown(layout.models)
        raise OptionError(
            f"The folder {options.out} belongs to the project; training results are not written to it.",
            hint=f"Choose a folder in {results}, or one outside the project; --name puts the knowledge into {models}.",
            option="out",
        )


def follow(
    scenario: str,
    options: TrainingOptions,
    environment: Mapping[str, str],
    *,
    on_event: Callable[[Event], None],
    on_line: Callable[[str], None],
    search: SearchOptions | None = None,
    engine: TrainingEngine | None = None,
) -> Event:
    """Run a scenario and return its last event, ``trained``, ``scored`` or ``searched``.

    The first Ctrl-C stops the training after the current epoch, the second one at once.

    Args:
        scenario: create, refine, evaluate or tune.
        options: all options.
        environment: the environment variables.
        on_event: called with each event.
        on_line: called with each line that is not an event.
        search: the options of a search; None without a search.
        engine: the engine that starts the program; None for a process of this machine.

    Raises:
        TrainingFailed: the program ended with an error.
        Interrupted: the user stopped the training at once.
    """
    with (engine or LocalTraining()).run(scenario, _as_values(options, search), environment) as program:
        events = _Events(program, on_event, on_line)
        try:
            interrupted = events.read_to_the_end()
        except KeyboardInterrupt:
            program.stop()
            raise _ended_at_once() from None
        status = program.wait(60.0)
        if events.last is None and interrupted:
            raise _ended_at_once()
        if events.last is None:
            raise program.failure(ExitStatus.INTERNAL_ERROR if status is None else status)
        if events.last["event"] == "failed":
            raise TrainingFailed(events.last["text"], status=events.last["exit"])
        return events.last


def _ended_at_once() -> Interrupted:
    return Interrupted(
        "interrupted; the training was stopped at once", hint="--resume continues from the last checkpoint."
    )


class _Events:
    """Reads the events in the output of the program.

    Attributes:
        last: the final event; None until it is read.
    """

    def __init__(
        self, program: TrainingProgram, on_event: Callable[[Event], None], on_line: Callable[[str], None]
    ) -> None:
        self.last: Event | None = None
        self._program = program
        self._on_event = on_event
        self._on_line = on_line

    def read_to_the_end(self) -> bool:
        """Read all events, and return whether the training was interrupted.

        Raises:
            KeyboardInterrupt: the user pressed Ctrl-C again.
        """
        try:
            self._read()
        except KeyboardInterrupt:
            self._program.interrupt()
            self._on_event({"event": "stopping"})
            self._read()
            return True
        return False

    def _read(self) -> None:
        for line in self._program.lines():
            event = _parsed(line)
            if event is None:
                self._on_line(self._program.shown(line.rstrip("\n")))
                continue
            for key in ("text", "folder"):
                if isinstance(event.get(key), str):
                    event[key] = self._program.shown(event[key])
            if event["event"] in ("trained", "scored", "searched", "failed"):
                self.last = event
            self._on_event(event)


def _parsed(line: str) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def _as_values(options: TrainingOptions, search: SearchOptions | None) -> dict[str, object]:
    """Return the options that differ from the defaults, as JSON values."""
    defaults = asdict(TrainingOptions()) | asdict(SearchOptions())
    values = asdict(options) | (asdict(search) if search else {})
    return {key: value for key, value in values.items() if value != defaults[key]}
