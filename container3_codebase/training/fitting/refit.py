"""The refit on the training and validation rows: a fixed number of epochs, without early stopping."""

from __future__ import annotations

import numpy as np

from pybrain.structure import FeedForwardNetwork
from training.errors import Diverged
from training.fitting.fit import Array, EpochErrors, Fit, Limits
from training.trainers.base import Trainer


class Refit(Fit):
    """A training run with a fixed number of epochs, whose result is the mean of the parameters after the last epochs.

    Source of the averaging: B. T. Polyak, A. B. Juditsky: Acceleration of stochastic approximation by averaging, SIAM
    Journal on Control and Optimization 30 (1992). In `state`, `best_parameters` is the mean so far, and the validation
    errors are those of training.

    Args:
        network: the network; its parameters are changed in place.
        trainer: the trainer of the network.
        inputs: the scaled inputs of the rows, shape (n, indim).
        targets: the scaled targets of the rows, shape (n, outdim).
        epochs: the number of epochs.
        averaged: the number of final epochs whose parameters are averaged, at least 1.
        learning_rate: the learning rate for the error message in case of divergence.
    """

    def __init__(
        self, network: FeedForwardNetwork, trainer: Trainer, inputs: Array, targets: Array, epochs: int,
        averaged: int, learning_rate: float | None,
    ) -> None:  # fmt: skip
        super().__init__(network, trainer, inputs, targets, Limits(epochs, 0), learning_rate)
        self.epochs = epochs
        self._averaged = averaged

    def _epoch(self) -> None:
        state = self.state
        number = state.epoch + 1
        error = self.trainer.train_epoch()
        if not self.bounded(error):
            raise Diverged(number, self.learning_rate)
        state.history.append(EpochErrors(number, error, error))
        count = number - (self.epochs - self._averaged)
        if count == 1:
            state.best_parameters = np.array(self.network.params)
        elif count > 1:
            state.best_parameters += (self.network.params - state.best_parameters) / count
        state.best_epoch, state.best_error = number, error
