"""The common interface and options of all trainers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.errors import OptionError

Array: TypeAlias = NDArray[np.float64]
StateValue: TypeAlias = NDArray[np.float64] | float | int | str | list[str]
State: TypeAlias = Mapping[str, StateValue]


class Trainer(Protocol):
    """Fits the parameters of a network to rows; changes ``network.params`` in place.

    A trainer created with the same arguments that restores the state and the network's parameters of another trainer
    continues with bit-identical results.
    """

    def train_epoch(self) -> float:
        """Train for one epoch.

        Returns:
            Half the mean squared error per target value, measured as in PyBrain: the error of each row or batch is
            taken before its update.

        Raises:
            Diverged: the error or the parameters are not finite; the parameters are those before the epoch.
        """
        ...

    def state_dict(self) -> dict[str, StateValue]:
        """Return everything that the next epoch depends on, except the network's parameters."""
        ...

    def load_state_dict(self, state: State) -> None:
        """Restore a state that ``state_dict`` returned."""
        ...


@dataclass(frozen=True)
class TrainerOptions:
    """Options of a trainer.

    Args:
        learning_rate: the learning rate; None for the trainer's default.
        momentum: the fraction of the last update that is added to the next one, in [0, 1).
        weight_decay: the strength of the weight decay, as defined by each trainer; None for the trainer's default.
        batch_size: the number of rows per update; None for the trainer's default. For ``backprop``, 1 (online) or at
            least the number of rows (batch learning).
        shuffle: whether to visit the rows in a new random order in each epoch.

    Raises:
        OptionError: a value is out of range.
    """

    learning_rate: float | None = None
    momentum: float = 0.0
    weight_decay: float | None = None
    batch_size: int | None = None
    shuffle: bool = True

    def __post_init__(self) -> None:
        rate, size = self.learning_rate, self.batch_size
        if rate is not None and not (math.isfinite(rate) and rate > 0):
            raise OptionError(
                f"the learning rate must be a positive number; found {rate}", option="learning_rate"
            )
        if not 0 <= self.momentum < 1:
            text = f"the momentum must be at least 0 and less than 1; found {self.momentum}"
            raise OptionError(text, option="momentum")
        if not (math.isfinite(self.decay) and self.decay >= 0):
            text = f"the weight decay must be a non-negative number; found {self.decay}"
            raise OptionError(text, option="weight_decay")
        if size is not None and size < 1:
            raise OptionError(f"the batch size must be at least 1; found {size}", option="batch_size")

    @property
    def decay(self) -> float:
        """The weight decay; 0 if it is None."""
        return self.weight_decay or 0.0


def whole_number(state: State, key: str) -> int:
    """Return an integer from a state.

    Args:
        state: a state returned by ``state_dict``.
        key: the key of the value.
    """
    value = state[key]
    assert isinstance(value, int)
    return value
