"""PyBrain's backpropagation, online or in batch learning, with bit-identical results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pybrain.datasets import SupervisedDataSet
from pybrain.structure import FeedForwardNetwork
from pybrain.supervised.trainers import BackpropTrainer
from pybrain.utilities import DivergenceError
from training.errors import Diverged, OptionError
from training.trainers.base import Array, State, StateValue, TrainerOptions, whole_number
from training.trainers.order import VisitingOrder


class OrderedBackprop(BackpropTrainer):
    """A BackpropTrainer that draws its visiting order from its own generator instead of ``random``.

    Args:
        order: the generator of the order of each epoch.
        *args: positional arguments of BackpropTrainer.
        **kwargs: keyword arguments of BackpropTrainer.
    """

    def __init__(self, order: VisitingOrder, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._order = order

    def _visitingOrder(self) -> Sequence[int]:
        order: list[int] = self._order.next().tolist()
        return order


class PyBrainTrainer:
    """Base class that runs the epochs of a PyBrain trainer.

    Args:
        trainer: the PyBrain trainer, with its data set.
        learning_rate: the learning rate for the error message in case of divergence; None if the trainer has none.
    """

    def __init__(self, trainer: BackpropTrainer, learning_rate: float | None) -> None:
        self._trainer = trainer
        self._learning_rate = learning_rate

    def train_epoch(self) -> float:
        """Train for one epoch; see :class:`training.trainers.base.Trainer`."""
        try:
            return float(self._trainer.train())
        except DivergenceError as error:
            raise Diverged(self._trainer.totalepochs + 1, self._learning_rate) from error


class Backprop(PyBrainTrainer):
    """Gradient descent on half the squared error, one update per row or per epoch.

    The update is that of ``pybrain.supervised.trainers.BackpropTrainer``: the gradients of a batch are summed, and
    weight decay subtracts ``weight_decay * params`` (including biases) from the descent direction.

    Args:
        network: the network; its parameters are changed in place.
        inputs: scaled inputs, shape (n, indim).
        targets: scaled targets, shape (n, outdim).
        options: the trainer options, with a learning rate. With a batch size of at least n > 1, the network is
            updated once per epoch.
        seed: seed of the order in which rows are visited.

    Raises:
        OptionError: the batch size is neither 1 nor at least n, or weight decay is combined with batch learning,
            which PyBrain does not support.
    """

    def __init__(
        self, network: FeedForwardNetwork, inputs: Array, targets: Array, options: TrainerOptions, seed: int
    ) -> None:
        size = options.batch_size or 1
        batch = size > 1 and size >= len(inputs)
        _check(options, batch=batch, rows=len(inputs))
        self._order = VisitingOrder(len(inputs), options.shuffle, seed)
        trainer = OrderedBackprop(
            self._order,
            network,
            SupervisedDataSet(inputs, targets),
            learningrate=options.learning_rate,
            momentum=options.momentum,
            weightdecay=options.decay,
            batchlearning=batch,
        )
        super().__init__(trainer, options.learning_rate)

    def state_dict(self) -> dict[str, StateValue]:
        """Return the state; see :class:`training.trainers.base.Trainer`."""
        return {
            **self._order.state_dict(),
            "epoch": self._trainer.totalepochs,
            "velocity": self._trainer.descent.momentumvector.copy(),
        }

    def load_state_dict(self, state: State) -> None:
        """Restore a state that ``state_dict`` returned."""
        self._order.load_state_dict(state)
        self._trainer.epoch = self._trainer.totalepochs = whole_number(state, "epoch")
        self._trainer.descent.momentumvector = np.array(state["velocity"], dtype=float)


def _check(options: TrainerOptions, *, batch: bool, rows: int) -> None:
    size = options.batch_size or 1
    if size > 1 and not batch:
        raise OptionError(
            f"trainer backprop updates after each row or once per epoch: the batch size must be 1 or at least the "
            f"number of training rows, {rows}; found {size}",
            option="batch_size",
        )
    if batch and options.decay:
        raise OptionError(
            "trainer backprop does not support weight decay in batch learning",
            option="weight_decay",
        )
