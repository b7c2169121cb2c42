"""PyBrain's resilient propagation, with bit-identical results."""

from __future__ import annotations

import numpy as np

from pybrain.datasets import SupervisedDataSet
from pybrain.structure import FeedForwardNetwork
from pybrain.supervised.trainers import RPropMinusTrainer
from training.trainers.backprop import PyBrainTrainer
from training.trainers.base import Array, State, StateValue, TrainerOptions, whole_number


class RProp(PyBrainTrainer):
    """Rprop- on half the squared error, one update per epoch; ``pybrain.supervised.trainers.RPropMinusTrainer``.

    Weight decay subtracts ``weight_decay * params`` (including biases) from the summed gradient. The rows are visited
    in order, so the trainer is deterministic.

    Args:
        network: the network; its parameters are changed in place.
        inputs: scaled inputs, shape (n, indim).
        targets: scaled targets, shape (n, outdim).
        options: the trainer options, of which only the weight decay is used.
        seed: not used, because the trainer is deterministic.
    """

    def __init__(
        self, network: FeedForwardNetwork, inputs: Array, targets: Array, options: TrainerOptions, seed: int
    ) -> None:
        dataset = SupervisedDataSet(inputs, targets)
        trainer = RPropMinusTrainer(network, dataset=dataset, weightdecay=options.decay)
        super().__init__(trainer, learning_rate=None)

    def state_dict(self) -> dict[str, StateValue]:
        """Return the state; see :class:`training.trainers.base.Trainer`."""
        descent = self._trainer.descent
        return {
            "epoch": self._trainer.totalepochs,
            "step_sizes": descent.rprop_theta.copy(),
            "last_gradient": descent.lastgradient.copy(),
        }

    def load_state_dict(self, state: State) -> None:
        """Restore a state that ``state_dict`` returned."""
        descent = self._trainer.descent
        self._trainer.epoch = self._trainer.totalepochs = whole_number(state, "epoch")
        descent.rprop_theta = np.array(state["step_sizes"], dtype=float)
        descent.lastgradient = np.array(state["last_gradient"], dtype=float)
