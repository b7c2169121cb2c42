"""The progress and the result of `tune`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from common.extras import ensure
from pipeline.commands.actions.training import (
    EpochLine,
    StepLine,
    TrainingResult,
    bar,
    install,
    install_client,
    training_engine,
    with_plots,
)
from pipeline.commands.base.command import Context
from pipeline.engines.training_program import LocalTraining
from pipeline.progress import duration
from pipeline.stages.kept_models import installation_notes
from pipeline.stages.training_run import Event, follow, search_options
from training.options import TUNE


@dataclass
class TuneResult(TrainingResult):
    """The result of `tune`: the result of the final training run, and the search."""

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        return {**super().as_json(), "search": self.event["search"]}


def tune(context: Context, given: dict[str, object], wanted: str) -> TuneResult:
    """Run a search, train the network with the best options, and copy the result as the options ask.

    Args:
        context: the command's context.
        given: the options of the command line.
        wanted: the engine: auto, docker or local.

    Raises:
        PipelineError: the search failed or was interrupted.
    """
    resolved = search_options(context.layout, given, context.environment)
    for line in installation_notes(resolved.training, given, context.environment):
        context.console.note(line)
    engine, options = training_engine(context, wanted), resolved.training
    if engine.name == LocalTraining.name:
        ensure("tune", context.layout, context.console.note)
        options = with_plots(context, options) if options.plots else options
        if options.tracking_uri:
            install_client(context)
    progress = _Progress(context)
    try:
        event = follow(
            TUNE, options, context.environment, on_event=progress.on_event,
            on_line=context.console.note, search=resolved.search, engine=engine,
        )  # fmt: skip
    finally:
        progress.clear()
    write, folder = context.console.print, Path(options.out)
    found = event["search"]
    failed = f", {found['failed']:,} failed" if found["failed"] else ""
    write(f"  trials       {found['trials']:,}{failed}{_ENDED[found['ended']]}")
    write(f"  best         {event['best']}")
    for line in event["lines"]:
        write(f"  {line}")
    write(f"  epochs       {event['fit']['epochs']:,}, on all rows except the test rows")
    write(f"  written      {context.layout.shown(folder)}: {', '.join(event['files'])}")
    result = TuneResult(event, str(folder))
    install(context, options, result)
    return result


_ENDED = {"trials": "", "timeout": "; the time limit has passed"}


class _Progress:
    """Shows the events of a search, and those of the final training run.

    Args:
        context: the command's context.
    """

    def __init__(self, context: Context) -> None:
        self._console = context.console
        self._trials = TrialLine(self._console.err)
        self._epochs = EpochLine(self._console.err)
        self._handlers: dict[str, Callable[[Event], None]] = {
            "searching": self._searching,
            "fold": self._trials.show,
            "trial": self._trials.show,
            "planned": self._planned,
            "epoch": self._epochs.show,
            "stopping": self._stopping,
            "note": self._note,
        }

    def on_event(self, event: Event) -> None:
        """Show an event."""
        handler = self._handlers.get(event["event"])
        if handler is not None:
            handler(event)

    def clear(self) -> None:
        """Remove the progress line."""
        self._trials.clear()
        self._epochs.clear()

    def _searching(self, event: Event) -> None:
        self._trials.trials, self._trials.folds = event["trials"], event["folds"]
        self._console.print(f"  {event['text']}")

    def _planned(self, event: Event) -> None:
        self.clear()
        self._epochs.total = event["epochs"]

    def _stopping(self, event: Event) -> None:
        self.clear()
        self._console.note("Stopping. Press Ctrl-C again to stop at once.")

    def _note(self, event: Event) -> None:
        self.clear()
        self._console.note(event["text"])


class TrialLine(StepLine):
    """Shows trial, best error and time left on one line; nothing is written unless the stream is a terminal.

    Attributes:
        trials: the number of trials.
        folds: the number of folds per trial.

    Args:
        stream: the terminal.
    """

    counted = "done"

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.trials = 0
        self.folds = 1

    def text(self, event: Event, now: float) -> str:
        """Return the line; see `StepLine.text`."""
        total = max(1, self.trials * self.folds)
        current = min(self.trials, event["complete"] + 1)
        parts = [f"{bar(event['done'], total)} trial {current:,} of {self.trials:,}"]
        if event["best"] is not None:
            parts.append(f"best error {event['best_error']:.5f} (trial {event['best']:,})")
        left = self.seconds_left(event, total, now)
        if left is not None:
            parts.append(f"{duration(left)} left")
        return ", ".join(parts)
