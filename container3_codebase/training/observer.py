"""Observers of a training run, and the callback after each epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from training.fitting.checkpoint import Checkpoint
from training.fitting.fit import EpochErrors, Fit
from training.plan import Plan
from training.recording import Recording


class Observer(Protocol):
    """Receives the progress of a training run."""

    def planned(self, plan: Plan) -> None:
        """Show the facts known before the first epoch."""

    def epoch(self, errors: EpochErrors, fit: Fit) -> None:
        """Show the errors of an epoch.

        Args:
            errors: the errors of the epoch.
            fit: the training run.
        """

    def refitting(self, rows: int, epochs: int) -> None:
        """Show that a refit on the training and validation rows begins.

        Args:
            rows: the number of these rows.
            epochs: the number of epochs of the refit.
        """

    def note(self, text: str) -> None:
        """Show a note."""

    def stop_requested(self) -> bool:
        """Return whether to stop training after the current epoch."""


def after_epoch(
    checkpoint: Checkpoint, observer: Observer, recording: Recording | None = None
) -> Callable[[Fit], None]:
    """Return the callback after each epoch, which shows and records the errors and writes a checkpoint.

    Args:
        checkpoint: the checkpoint of the run.
        observer: the observer that shows the errors.
        recording: the recording of the errors; None for no record.
    """

    def after(fit: Fit) -> None:
        errors = fit.state.history[-1]
        observer.epoch(errors, fit)
        if recording is not None:
            recording.epoch(errors)
        if observer.stop_requested():
            checkpoint.write(fit)
        else:
            checkpoint.after_epoch(fit)

    return after
