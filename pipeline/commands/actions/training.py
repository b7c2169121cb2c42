"""What `train`, `refine` and `score` have in common: they run a scenario, show its progress, and report its result."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TextIO

from common.errors import Interrupted, PipelineError
from common.extras import ensure
from pipeline.commands.base.command import Context, Result
from pipeline.engines.choose import choose_training_engine
from pipeline.engines.training_program import LocalTraining, TrainingEngine
from pipeline.progress import TerminalLine
from pipeline.stages.kept_models import installation_notes, keep_as, promote
from pipeline.stages.track_run import client_packages
from pipeline.stages.training_run import Event, follow, training_options
from pybrain_runtime.errors import MissingPackage
from pybrain_runtime.io.signatures import PARQUET
from training.options import EVALUATE
from training.summary import REFITTED

if TYPE_CHECKING:
    from training.options import TrainingOptions

_BAR = 24


@dataclass
class TrainingResult(Result):
    """The result of a training run.

    Attributes:
        event: the last event of the program.
        folder: the folder of the results.
        installed: the files that the knowledge was copied to, by the reason for the copy.
        error: set if the training run was interrupted.
    """

    event: Event
    folder: str
    installed: dict[str, str] = field(default_factory=dict)
    error: PipelineError | None = None

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        found = {key: self.event[key] for key in ("fit", "metrics", "files")}
        return {"folder": self.folder, **found, **self.installed}


@dataclass
class ScoreResult(Result):
    """The result of `score`.

    Attributes:
        score: the metrics, and what they were computed from.
    """

    score: Event

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        return dict(self.score)


def train(context: Context, scenario: str, given: dict[str, object], engine: str) -> TrainingResult:
    """Train a network, and copy the result as the options ask.

    Args:
        context: the command's context.
        scenario: create or refine.
        given: the options of the command line.
        engine: auto, docker or local.

    Raises:
        PipelineError: the training failed; nothing was written.
    """
    options = training_options(context.layout, scenario, given, context.environment)
    for line in installation_notes(options, given, context.environment):
        context.console.note(line)
    event = _run(context, scenario, options, training_engine(context, engine))
    write, shown = context.console.print, context.layout.shown
    folder = Path(options.out)
    for line in event["lines"]:
        write(f"  {line}")
    fit = event["fit"]
    write(f"  epochs       {fit['epochs']:,}, the best is {fit['best_epoch']:,} ({_REASONS[fit['reason']]})")
    if fit["refit_epochs"]:
        write(f"  refit        {fit['refit_epochs']:,} epochs, {REFITTED}")
    write(f"  written      {shown(folder)}: {', '.join(event['files'])}")
    if not fit["best_epoch"]:
        context.console.note(
            "No epoch had a smaller validation error than the initial network, which is the result."
        )
    result = TrainingResult(event, str(folder))
    if fit["interrupted"]:
        result.error = Interrupted(
            "interrupted; the best network so far is written and marked as interrupted",
            hint="--resume continues the training.",
        )
        return result
    install(context, options, result)
    return result


def score(context: Context, scenario: str, given: dict[str, object], engine: str) -> ScoreResult:
    """Compute metrics of knowledge on rows and print them.

    Args:
        context: the command's context.
        scenario: evaluate.
        given: the options of the command line.
        engine: auto, docker or local.

    Raises:
        PipelineError: the rows do not match the knowledge.
    """
    options = training_options(context.layout, scenario, given, context.environment)
    event = _run(context, scenario, options, training_engine(context, engine))
    for line in event["lines"]:
        context.console.print(f"  {line}")
    return ScoreResult(event["score"])


_REASONS = {
    "epochs": "all epochs are done",
    "patience": "the validation error no longer decreased",
    "interrupted": "interrupted",
}


def install(context: Context, options: TrainingOptions, result: TrainingResult) -> None:
    """Copy the trained network to models/ and make it the current knowledge, as the options ask.

    Args:
        context: the command's context.
        options: `name` and `promote`.
        result: receives the files.
    """
    layout, folder = context.layout, Path(options.out)
    if options.name:
        model, replaced = keep_as(layout, folder, options.name)
        result.installed["model"] = layout.shown(model)
        context.console.print(f"  model        {layout.shown(model)}")
        if replaced is not None:
            result.installed["replaced"] = layout.shown(replaced)
            context.console.print(f"  replaced     {layout.shown(replaced)} keeps the earlier version")
    if options.promote:
        result.installed["promoted"] = layout.shown(promote(layout, folder))
        context.console.print(
            f"  promoted     {result.installed['promoted']}, the project's current knowledge"
        )


def training_engine(context: Context, wanted: str) -> TrainingEngine:
    """Choose the engine, print it, and build its image if that is missing or outdated.

    Args:
        context: the command's context.
        wanted: auto, docker or local.

    Raises:
        EngineUnavailable: docker is requested and does not respond, or the image cannot be built.
    """
    engine, line = choose_training_engine(context.layout, wanted)
    context.console.print(f"  engine       {line}")
    if not engine.is_built():
        with context.console.status("building the training image; the first time takes a few minutes"):
            engine.build(on_line=lambda line: None)
    return engine


def _run(context: Context, scenario: str, options: TrainingOptions, engine: TrainingEngine) -> Event:
    if scenario != EVALUATE and engine.name == LocalTraining.name:  # the image has both
        if options.plots:
            options = with_plots(context, options)
        if options.tracking_uri:
            install_client(context)
    if engine.name == LocalTraining.name and _is_parquet(Path(options.data)):
        ensure("fast", context.layout, context.console.note)
    progress = EpochLine(context.console.err)

    def on_event(event: Event) -> None:
        kind = event["event"]
        if kind == "planned":
            progress.total = event["epochs"]
            context.console.print(f"  {event['text']}")
        elif kind == "epoch":
            progress.show(event)
        elif kind == "refitting":
            progress.begin(event["epochs"])
        elif kind == "stopping":
            progress.clear()
            context.console.note("Stopping after the current epoch. Press Ctrl-C again to stop at once.")
        elif kind == "note":
            context.console.note(event["text"])

    try:
        return follow(
            scenario, options, context.environment,
            on_event=on_event, on_line=context.console.note, engine=engine,
        )  # fmt: skip
    finally:
        progress.clear()


def _is_parquet(path: Path) -> bool:
    """Return whether a file begins like a Parquet file; one that cannot be read does not."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(PARQUET)) == PARQUET
    except OSError:
        return False


def with_plots(context: Context, options: TrainingOptions) -> TrainingOptions:
    """Return the options, without plots if the package that draws them cannot be installed.

    Args:
        context: the command's context.
        options: the training options.
    """
    try:
        ensure("plot", context.layout, context.console.note)
    except MissingPackage as error:
        context.console.note(f"{error.message} No plots will be drawn.")
        return replace(options, plots=False)
    return options


def install_client(context: Context) -> None:
    """Install MLflow's client; without it training continues, and the record can be sent later."""
    try:
        client_packages(context.layout, context.environment, context.console.note)
    except MissingPackage as error:
        context.console.note(error.message)


class StepLine(TerminalLine):
    """Shows a bar and the progress of a training run or a search, from its events.

    Attributes:
        counted: the key of an event that counts the steps.

    Args:
        stream: the terminal.
    """

    counted: ClassVar[str]

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._first: tuple[float, int] | None = None

    def show(self, event: Event) -> None:
        """Update the line."""
        now = time.monotonic()
        self._first = self._first or (now, event[self.counted])
        if self.is_terminal:
            self.draw(self.text(event, now))

    def text(self, event: Event, now: float) -> str:
        """Return the line.

        Args:
            event: the latest event of the training run or the search.
            now: the monotonic time, in seconds.
        """
        raise NotImplementedError

    def seconds_left(self, event: Event, total: int, now: float) -> float | None:
        """Return the time for the remaining steps; None before the second step.

        Args:
            event: the latest event of the training run or the search.
            total: the total number of steps.
            now: the monotonic time, in seconds.
        """
        done = event[self.counted]
        started, first = self._first or (now, done)
        return (now - started) * (total - done) / (done - first) if done > first else None


def bar(done: int, total: int) -> str:
    """Return a progress bar.

    Args:
        done: the number of steps so far.
        total: the total number of steps.
    """
    filled = _BAR * done // max(1, total)
    return f"[{'#' * filled}{'.' * (_BAR - filled)}]"


class EpochLine(StepLine):
    """Shows epoch, errors and time left on one line; nothing is written unless the stream is a terminal.

    Attributes:
        total: maximum number of epochs.

    Args:
        stream: the terminal.
    """

    counted = "epoch"

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.total = 0

    def begin(self, total: int) -> None:
        """Show the epochs of a refit from now on.

        Args:
            total: the number of epochs of the refit.
        """
        self.clear()
        self.total, self._first = total, None

    def text(self, event: Event, now: float) -> str:
        """Return the line; see `StepLine.text`."""
        validation = event["validation"]
        parts = [
            f"{bar(event['epoch'], self.total)} epoch {event['epoch']:,} of {self.total:,}",
            f"error {event['train']:.5f}",
            "refit with the rows for validation"
            if validation is None
            else f"validation {validation:.5f} (best in epoch {event['best_epoch']:,})",
        ]
        left = self.seconds_left(event, self.total, now)
        if left is not None:
            parts.append(f"at most {left:,.0f} s left")
        return ", ".join(parts)
