"""What is told about the progress of a training, and what happens after each epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from training.fitting.checkpoint import Checkpoint
from training.fitting.fit import EpochErrors, Fit
from training.plan import Plan
from training.recording import Recording


class Observer(Protocol):
    """Is told about the progress of a training."""

    def planned(self, plan: Plan) -> None:
        """Show what is known before the first epoch."""

    def epoch(self, errors: EpochErrors, fit: Fit) -> None:
        """Show the errors of an epoch."""

    def refitting(self, rows: int, epochs: int) -> None:
        """Show that training begins anew on the rows for training and validation.

        Args:
            rows: their number.
            epochs: the number of epochs.
        """

    def note(self, text: str) -> None:
        """Show a note."""

    def stop_requested(self) -> bool:
        """Return whether training is to stop after the current epoch."""


def after_epoch(
    checkpoint: Checkpoint, observer: Observer, recording: Recording | None = None
) -> Callable[[Fit], None]:
    """Return what is called after each epoch: it shows and records the errors and writes a checkpoint.

    Args:
        checkpoint: the checkpoint of the run.
        observer: is told the errors.
        recording: records the errors; None for no record.
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
