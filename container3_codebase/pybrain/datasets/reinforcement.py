"""Data sets for reinforcement learning: sequences of (state, action, reward)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.datasets.dataset import DataSet
from pybrain.datasets.sequential import SequentialDataSet

if TYPE_CHECKING:
    from pybrain._typing import AnyArray, ArrayLike


class ReinforcementDataSet(SequentialDataSet):
    """Samples (state, action, reward) in sequences, one per episode.

    Args:
        statedim: number of values in a state.
        actiondim: number of values in an action.
    """

    def __init__(self, statedim: int, actiondim: int) -> None:
        DataSet.__init__(self)
        self.addField("state", statedim)
        self.addField("action", actiondim)
        self.addField("reward", 1)
        self._startSequences()
        self.linkFields(["state", "action", "reward"])

    indim = property(lambda self: self.getDimension("state"), None, None, "number of values in a state")
    outdim = property(lambda self: self.getDimension("action"), None, None, "number of values in an action")

    def addSample(self, state: ArrayLike, action: ArrayLike, reward: ArrayLike) -> None:
        """Append one step of an episode.

        Args:
            state: the state, shape (statedim,).
            action: the action taken in the state, shape (actiondim,).
            reward: the reward for the action.
        """
        self.appendLinked(state, action, reward)

    def getSumOverSequences(self, field: str) -> AnyArray:
        """Return the sums of a field over each sequence, shape (sequences, dim)."""
        rows = self.data[self._known(field)]
        sums = [rows[start:end].sum(axis=0) for start, end in self._bounds()]
        return np.array(sums).reshape(len(sums), rows.shape[1])
