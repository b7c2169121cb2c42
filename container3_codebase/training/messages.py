"""The output of a training run: text for people, or JSON lines for the program that started it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TextIO

from pybrain_runtime.io.printable import plural
from training.fitting.fit import EpochErrors, Fit
from training.fitting.refit import Refit
from training.metrics import Metrics
from training.outcome import Outcome
from training.plan import Plan
from training.search.observer import SearchObserver, SearchProgress
from training.summary import REFITTED, metric_lines, plan_facts, plan_line

if TYPE_CHECKING:
    from training.search.plan import SearchPlan
    from training.search.trials import Trial
    from training.search.tune import SearchOutcome


class Messages(SearchObserver, Protocol):
    """Shows progress, results and errors."""

    def searched(self, outcome: SearchOutcome) -> None:
        """Show the result of a search and of the final training."""

    def trained(self, outcome: Outcome) -> None:
        """Show the result of a training run."""

    def scored(self, metrics: Metrics) -> None:
        """Show the metrics of knowledge."""

    def failed(self, text: str, status: int) -> None:
        """Show an error.

        Args:
            text: the message, including advice.
            status: the exit status.
        """


class _Stream:
    """The common base of both kinds of output: the stream, the request to stop, and the rate of epochs shown.

    Args:
        stream: the output.
        stop: returns whether to stop.
    """

    interval: ClassVar[float]
    """Minimum time between two epochs that are shown, in seconds."""

    def __init__(self, stream: TextIO, stop: Callable[[], bool]) -> None:
        self._stream = stream
        self._stop = stop
        self._shown = float("-inf")

    def stop_requested(self) -> bool:
        """Return whether a stop was requested."""
        return self._stop()

    def _due(self) -> bool:
        """Return whether the last epoch was shown long enough ago; if so, restart the interval."""
        now = time.monotonic()
        if now - self._shown < self.interval:
            return False
        self._shown = now
        return True

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


class EventStream(_Stream):
    """Writes JSON lines; the key ``event`` identifies the kind of each line."""

    interval = 0.1

    def planned(self, plan: Plan) -> None:
        """Write the facts known before the first epoch."""
        self._send("planned", text=plan_line(plan), **plan_facts(plan))

    def epoch(self, errors: EpochErrors, fit: Fit) -> None:
        """Write the errors of an epoch, at most ten times a second; a refit has no validation error.

        Args:
            errors: the errors of the epoch.
            fit: the training run.
        """
        if self._due():
            validation = None if isinstance(fit, Refit) else errors.validation
            self._send(
                "epoch", epoch=errors.epoch, train=errors.train, validation=validation,
                best_epoch=fit.state.best_epoch,
            )  # fmt: skip

    def refitting(self, rows: int, epochs: int) -> None:
        """Write the facts about a refit before its first epoch.

        Args:
            rows: the number of training and validation rows.
            epochs: the number of epochs of the refit.
        """
        self._send("refitting", rows=rows, epochs=epochs)

    def searching(self, plan: SearchPlan) -> None:
        """Write the facts known before the first trial."""
        self._send("searching", text=plan.line(), trials=plan.search.trials, folds=plan.search.folds)

    def fold(self, progress: SearchProgress) -> None:
        """Write the progress of a search, at most ten times a second."""
        if self._due():
            self._send("fold", **_progress(progress))

    def trial(self, trial: Trial, progress: SearchProgress) -> None:
        """Write the progress of a search after a trial.

        Args:
            trial: the completed trial.
            progress: the progress of the search.
        """
        self._send("trial", trial=trial.number, failure=trial.failure, **_progress(progress))

    def note(self, text: str) -> None:
        """Write a note."""
        self._send("note", text=text)

    def trained(self, outcome: Outcome) -> None:
        """Write the result of a training run."""
        self._send(
            "trained", folder=outcome.folder, fit=outcome.fitted, metrics=outcome.metrics,
            files=list(outcome.files), lines=metric_lines(outcome.plan.rows.task, outcome.metrics),
        )  # fmt: skip

    def searched(self, outcome: SearchOutcome) -> None:
        """Write the result of a search and of the final training."""
        final, best = outcome.final, outcome.best
        self._send(
            "searched", folder=final.folder, fit=final.fitted, metrics=final.metrics, files=list(final.files),
            lines=metric_lines(final.plan.rows.task, final.metrics), best=outcome.line(),
            search={
                "trials": len(outcome.trials), "failed": sum(bool(trial.failure) for trial in outcome.trials),
                "ended": outcome.ended, "trial": best.number, "values": dict(best.values),
                "validation_error": best.mean, "standard_deviation": best.deviation,
            },
        )  # fmt: skip

    def scored(self, metrics: Metrics) -> None:
        """Write the metrics of knowledge."""
        lines = metric_lines(str(metrics["task"]), {"all rows": metrics["metrics"]})
        self._send("scored", score=metrics, lines=lines)

    def failed(self, text: str, status: int) -> None:
        """Write an error.

        Args:
            text: the message, including advice.
            status: the exit status.
        """
        self._send("failed", text=text, exit=status)

    def _send(self, event: str, **facts: Any) -> None:
        self._line(json.dumps({"event": event, **facts}))


class TextStream(_Stream):
    """Writes lines for people, such as readers of a container's log."""

    interval = 1.0

    def __init__(self, stream: TextIO, stop: Callable[[], bool]) -> None:
        super().__init__(stream, stop)
        self._shown = time.monotonic()  # short training runs show no epochs
        self._trials = 0

    def planned(self, plan: Plan) -> None:
        """Print the facts known before the first epoch."""
        self._line(plan_line(plan))

    def epoch(self, errors: EpochErrors, fit: Fit) -> None:
        """Print the errors of an epoch, at most once a second.

        Args:
            errors: the errors of the epoch.
            fit: the training run.
        """
        if self._due():
            validation = "" if isinstance(fit, Refit) else f", validation {errors.validation:.6f}"
            self._line(f"epoch {errors.epoch:,}: error {errors.train:.6f}{validation}")

    def refitting(self, rows: int, epochs: int) -> None:
        """Print that a refit on more rows begins.

        Args:
            rows: the number of training and validation rows.
            epochs: the number of epochs of the refit.
        """
        self._line(f"refit on the {rows:,} training and validation rows: {plural(epochs, 'epoch')}")

    def searching(self, plan: SearchPlan) -> None:
        """Print the facts known before the first trial."""
        self._trials = plan.search.trials
        self._line(plan.line())

    def fold(self, progress: SearchProgress) -> None:
        """Print nothing: folds are not logged."""

    def trial(self, trial: Trial, progress: SearchProgress) -> None:
        """Print the result of a trial.

        Args:
            trial: the completed trial.
            progress: the progress of the search.
        """
        found = f"failed: {trial.failure}" if trial.failure else f"error {trial.mean:.6f}"
        best = f", the best is trial {progress.best.number:,}" if progress.best else ""
        self._line(f"trial {trial.number:,} of {self._trials:,}: {trial.text()}: {found}{best}")

    def note(self, text: str) -> None:
        """Print a note."""
        self._line(text)

    def trained(self, outcome: Outcome) -> None:
        """Print the result of a training run."""
        for line in metric_lines(outcome.plan.rows.task, outcome.metrics):
            self._line(line)
        if outcome.fitted["refit_epochs"]:
            self._line(f"refit: {outcome.fitted['refit_epochs']:,} epochs {REFITTED}")
        self._line(f"written to {outcome.folder}: {', '.join(outcome.files)}")

    def searched(self, outcome: SearchOutcome) -> None:
        """Print the result of a search and of the final training."""
        self._line(f"the best is {outcome.line()}")
        self.trained(outcome.final)

    def scored(self, metrics: Metrics) -> None:
        """Print the metrics of knowledge."""
        for line in metric_lines(str(metrics["task"]), {"all rows": metrics["metrics"]}):
            self._line(line)

    def failed(self, text: str, status: int) -> None:
        """Print an error message on standard error.

        Args:
            text: the message, including advice.
            status: the exit status; not printed.
        """
        print(text, file=sys.stderr)


def _progress(progress: SearchProgress) -> dict[str, Any]:
    best = progress.best
    return {
        "complete": progress.trials, "done": progress.folds, "best": best and best.number,
        "best_error": best and best.mean,
    }  # fmt: skip
