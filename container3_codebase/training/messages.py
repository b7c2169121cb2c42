"""What a training prints: text for people, or one JSON object per line for the program that started it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol, TextIO

from training.fitting.fit import EpochErrors, Fit
from training.metrics import Metrics
from training.plan import Plan
from training.scenarios import Observer, Outcome
from training.summary import metric_lines, plan_facts, plan_line

_INTERVAL = 0.1


class Messages(Observer, Protocol):
    """Shows progress, results and errors."""

    def trained(self, outcome: Outcome) -> None:
        """Show the result of a training."""

    def scored(self, metrics: Metrics) -> None:
        """Show the metrics of knowledge."""

    def failed(self, text: str, status: int) -> None:
        """Show an error.

        Args:
            text: the message with its advice.
            status: the exit status.
        """


class EventStream:
    """Writes JSON lines; the key ``event`` says what each is about.

    Args:
        stream: the output.
        stop: whether the end was requested.
    """

    def __init__(self, stream: TextIO, stop: Callable[[], bool]) -> None:
        self._stream = stream
        self._stop = stop
        self._shown = float("-inf")

    def planned(self, plan: Plan) -> None:
        """Write the facts that are known before the first epoch."""
        self._send("planned", text=plan_line(plan), **plan_facts(plan))

    def epoch(self, errors: EpochErrors, fit: Fit) -> None:
        """Write the errors of an epoch, ten times a second at most."""
        now = time.monotonic()
        if now - self._shown >= _INTERVAL:
            self._shown = now
            self._send(
                "epoch", epoch=errors.epoch, train=errors.train, validation=errors.validation,
                best_epoch=fit.state.best_epoch,
            )  # fmt: skip

    def note(self, text: str) -> None:
        """Write a note."""
        self._send("note", text=text)

    def stop_requested(self) -> bool:
        """Return whether the end was requested."""
        return self._stop()

    def trained(self, outcome: Outcome) -> None:
        """Write the result of a training."""
        self._send(
            "trained", folder=outcome.folder, fit=outcome.fitted, metrics=outcome.metrics,
            files=list(outcome.files), lines=metric_lines(outcome.plan.rows.task, outcome.metrics),
        )  # fmt: skip

    def scored(self, metrics: Metrics) -> None:
        """Write the metrics of knowledge."""
        lines = metric_lines(str(metrics["task"]), {"all rows": metrics["metrics"]})
        self._send("scored", score=metrics, lines=lines)

    def failed(self, text: str, status: int) -> None:
        """Write an error."""
        self._send("failed", text=text, exit=status)

    def _send(self, event: str, **facts: Any) -> None:
        self._stream.write(json.dumps({"event": event, **facts}) + "\n")
        self._stream.flush()


class TextStream:
    """Writes lines for people, as they are read in the log of a container.

    Args:
        stream: the output.
        stop: whether the end was requested.
    """

    def __init__(self, stream: TextIO, stop: Callable[[], bool]) -> None:
        self._stream = stream
        self._stop = stop
        self._shown = time.monotonic()

    def planned(self, plan: Plan) -> None:
        """Print the facts that are known before the first epoch."""
        self._print(plan_line(plan))

    def epoch(self, errors: EpochErrors, fit: Fit) -> None:
        """Print the errors of an epoch, once a second at most."""
        now = time.monotonic()
        if now - self._shown >= 1.0:
            self._shown = now
            self._print(
                f"epoch {errors.epoch:,}: error {errors.train:.6f}, validation {errors.validation:.6f}"
            )

    def note(self, text: str) -> None:
        """Print a note."""
        self._print(text)

    def stop_requested(self) -> bool:
        """Return whether the end was requested."""
        return self._stop()

    def trained(self, outcome: Outcome) -> None:
        """Print the result of a training."""
        for line in metric_lines(outcome.plan.rows.task, outcome.metrics):
            self._print(line)
        self._print(f"written to {outcome.folder}: {', '.join(outcome.files)}")

    def scored(self, metrics: Metrics) -> None:
        """Print the metrics of knowledge."""
        for line in metric_lines(str(metrics["task"]), {"all rows": metrics["metrics"]}):
            self._print(line)

    def failed(self, text: str, status: int) -> None:
        """Print an error."""
        print(text, file=sys.stderr)

    def _print(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()
