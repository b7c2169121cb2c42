"""The training loop: early stopping, best parameters, history, interruption, divergence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pybrain.structure import FeedForwardNetwork
from training.errors import Diverged
from training.trainers.base import Trainer

Array = NDArray[np.float64]

_LARGEST_GROWTH, _LARGEST_STEP = 1e4, 10.0
"""The factor by which a parameter may exceed its initial size (or 1, or a target), and the allowance per epoch.

Saturated units hide such growth from the error. The steps of Rprop are at most 5.
"""

EPOCHS, PATIENCE, INTERRUPTED = "epochs", "patience", "interrupted"


@dataclass(frozen=True)
class EpochErrors:
    """The errors of an epoch: half the mean squared error per target value.

    Attributes:
        epoch: the epoch, counted from 1.
        train: the error on the training rows, as measured by the trainer.
        validation: the error on the validation rows after the epoch; without these, on the training rows.
    """

    epoch: int
    train: float
    validation: float


@dataclass
class FitState:
    """The progress of a training run: all state outside the network and the trainer.

    Attributes:
        history: the errors of all epochs so far.
        best_epoch: the epoch with the smallest validation error; 0 for the initial parameters.
        best_error: the validation error of that epoch.
        best_parameters: the parameters after that epoch.
        largest: the maximum absolute value of a parameter in the first epoch.
    """

    history: list[EpochErrors]
    best_epoch: int
    best_error: float
    best_parameters: Array
    largest: float

    @property
    def epoch(self) -> int:
        """The number of epochs so far."""
        return len(self.history)


@dataclass(frozen=True)
class Limits:
    """The stopping criteria.

    Attributes:
        epochs: maximum number of epochs.
        patience: number of epochs without improvement of the validation error after which to stop; 0 for no limit.
    """

    epochs: int
    patience: int


def mean_error(network: FeedForwardNetwork, inputs: Array, targets: Array) -> float:
    """Return half the mean squared error per target value.

    Args:
        network: the network.
        inputs: array of shape (n, indim).
        targets: array of shape (n, outdim).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return 0.5 * float(np.mean(np.square(targets - network.activateRows(inputs))))


class Fit:
    """A training run in progress.

    Args:
        network: the network; its parameters are changed in place.
        trainer: the trainer of the network.
        inputs: the scaled inputs of the rows on which progress is measured, shape (n, indim).
        targets: the scaled targets of these rows, shape (n, outdim).
        limits: the stopping criteria.
        learning_rate: the learning rate for the error message in case of divergence.
    """

    def __init__(
        self, network: FeedForwardNetwork, trainer: Trainer, inputs: Array, targets: Array, limits: Limits,
        learning_rate: float | None,
    ) -> None:  # fmt: skip
        self.network = network
        self.trainer = trainer
        self._inputs = inputs
        self._targets = targets
        self._limits = limits
        self.learning_rate = learning_rate
        start = np.array(network.params)
        sizes = (1.0, float(np.abs(start).max(initial=0.0)), float(np.abs(targets).max(initial=0.0)))
        largest = _LARGEST_GROWTH * max(sizes)
        self.state = FitState([], 0, mean_error(network, inputs, targets), start, largest)

    def run(self, after_epoch: Callable[[Fit], None], stop: Callable[[], bool]) -> str:
        """Train until a limit is reached or a stop is requested, then set the best parameters.

        Args:
            after_epoch: called after each epoch.
            stop: returns whether to stop after the current epoch.

        Returns:
            The reason for the end: ``epochs``, ``patience`` or ``interrupted``.

        Raises:
            Diverged: an error or a parameter grows without bound.
        """
        reason = self._reached()
        while not reason:
            self._epoch()
            after_epoch(self)
            reason = self._reached() or (INTERRUPTED if stop() else "")
        self.network.params[:] = self.state.best_parameters
        return reason

    def _epoch(self) -> None:
        state = self.state
        number = state.epoch + 1
        train = self.trainer.train_epoch()
        validation = mean_error(self.network, self._inputs, self._targets)
        if not self.bounded(train, validation):
            raise Diverged(number, self.learning_rate)
        state.history.append(EpochErrors(number, train, validation))
        if validation < state.best_error:
            state.best_epoch, state.best_error = number, validation
            state.best_parameters = np.array(self.network.params)

    def bounded(self, *errors: float) -> bool:
        """Return whether errors are finite and no parameter has grown beyond its bound."""
        parameters = np.abs(self.network.params).max(initial=0.0)
        largest = self.state.largest + _LARGEST_STEP * self.state.epoch
        return bool(np.isfinite([*errors, parameters]).all() and parameters <= largest)

    def _reached(self) -> str:
        state, limits = self.state, self._limits
        if state.epoch >= limits.epochs:
            return EPOCHS
        waited = state.epoch - state.best_epoch
        return PATIENCE if limits.patience and waited >= limits.patience else ""
