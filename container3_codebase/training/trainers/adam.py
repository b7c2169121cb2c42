"""Adam on mini-batches.

Source: D. P. Kingma, J. Ba: Adam: a method for stochastic optimization, ICLR 2015, algorithm 1; weight decay decoupled
from the gradient as in I. Loshchilov, F. Hutter: Decoupled weight decay regularization, ICLR 2019.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from pybrain.structure import FeedForwardNetwork
from training.errors import Diverged
from training.trainers.base import Array, State, StateValue, TrainerOptions, whole_number
from training.trainers.gradients import LossGradient, loss_gradient
from training.trainers.layerfunctions import Steps
from training.trainers.order import VisitingOrder

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class AdamUpdate:
    """The update of algorithm 1, in preallocated arrays.

    ``m = BETA1 m + (1 - BETA1) g`` and ``v = BETA2 v + (1 - BETA2) g^2`` are stored without their constant factors,
    which are merged into the rate with the bias correction. This saves array operations without changing the update.

    Args:
        gradient: the parameters and their gradient.
        rate: the learning rate.
        weight_decay: each update multiplies the weights, not the biases, by ``1 - rate * weight_decay``.

    Attributes:
        count: the number of updates so far.
        first: the decaying sum of gradients, m / (1 - BETA1), shape (paramdim,).
        second: the decaying sum of squared gradients, v / (1 - BETA2), shape (paramdim,).
    """

    def __init__(self, gradient: LossGradient, rate: float, weight_decay: float) -> None:
        self.rate = rate
        self.count = 0
        self.first = np.zeros(len(gradient.params))
        self.second = np.zeros(len(gradient.params))
        self._rate, self._epsilon = np.zeros(()), np.zeros(())
        kept = np.where(gradient.weights, 1.0 - rate * weight_decay, 1.0)
        decay: Steps = [partial(np.multiply, gradient.params, kept, gradient.params)] if weight_decay else []
        self._steps = [*decay, *self._update(gradient.params, gradient.gradient)]

    def _update(self, params: Array, gradient: Array) -> Steps:
        first, second, change, scale = self.first, self.second, np.empty_like(params), np.empty_like(params)
        return [
            partial(np.multiply, first, np.array(BETA1), first),
            partial(np.add, first, gradient, first),
            partial(np.multiply, gradient, gradient, change),
            partial(np.multiply, second, np.array(BETA2), second),
            partial(np.add, second, change, second),
            partial(np.sqrt, second, scale),
            partial(np.add, scale, self._epsilon, scale),
            partial(np.divide, first, scale, change),
            partial(np.multiply, change, self._rate, change),
            partial(np.subtract, params, change, params),
        ]

    def __call__(self) -> None:
        """Update the parameters from the gradient."""
        self.count += 1
        size = math.sqrt((1.0 - BETA2) / (1.0 - BETA2**self.count))
        self._rate[()] = self.rate * (1.0 - BETA1) / (1.0 - BETA1**self.count) / size
        self._epsilon[()] = EPSILON / size
        for step in self._steps:
            step()


class Adam:
    """Mini-batch training with Adam updates.

    The loss is cross-entropy for softmax outputs and half the squared error otherwise, see
    :mod:`training.trainers.minibatch`. The last batch of an epoch is smaller if the rows do not fill it.

    Args:
        network: the network; its parameters are changed at the end of each epoch.
        inputs: scaled inputs, shape (n, indim).
        targets: scaled targets, shape (n, outdim); for softmax outputs each row sums to 1.
        options: the trainer options, with a learning rate and a batch size.
        seed: seed of the order in which rows are visited.
    """

    def __init__(
        self, network: FeedForwardNetwork, inputs: Array, targets: Array, options: TrainerOptions, seed: int
    ) -> None:
        assert options.learning_rate is not None and options.batch_size is not None
        self._gradient = loss_gradient(network, inputs, targets)
        self._update = AdamUpdate(self._gradient, options.learning_rate, options.decay)
        self._order = VisitingOrder(len(inputs), options.shuffle, seed)
        self._batch_size = min(options.batch_size, len(inputs))
        self._values = targets.size
        self._epoch = 0

    def train_epoch(self) -> float:
        """Train for one epoch; see :class:`training.trainers.base.Trainer`."""
        before = self._moments()
        self._gradient.read()
        params = self._gradient.params.copy()
        with np.errstate(over="ignore", invalid="ignore"):
            error = 0.5 * self._pass() / self._values
        if not (math.isfinite(error) and np.isfinite(self._gradient.params).all()):
            self._gradient.params[:] = params
            self._gradient.write()
            self._restore(before)
            raise Diverged(self._epoch + 1, self._update.rate)
        self._gradient.write()
        self._epoch += 1
        return error

    def _pass(self) -> float:
        """Visit all rows; return the sum of their squared errors."""
        order, size, total = self._order.next(), self._batch_size, 0.0
        batch, update = self._gradient.batch, self._update
        for start in range(0, len(order), size):
            total += batch(order[start : start + size])
            update()
        return total

    def _moments(self) -> dict[str, StateValue]:
        update = self._update
        return {"updates": update.count, "first": update.first.copy(), "second": update.second.copy()}

    def _restore(self, state: State) -> None:
        self._update.count = whole_number(state, "updates")
        self._update.first[:] = state["first"]
        self._update.second[:] = state["second"]

    def state_dict(self) -> dict[str, StateValue]:
        """Return the state; see :class:`training.trainers.base.Trainer`."""
        return {**self._order.state_dict(), **self._moments(), "epoch": self._epoch}

    def load_state_dict(self, state: State) -> None:
        """Restore a state that ``state_dict`` returned."""
        self._order.load_state_dict(state)
        self._restore(state)
        self._epoch = whole_number(state, "epoch")
