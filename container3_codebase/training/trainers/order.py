"""The order in which rows are visited, from a random generator whose state can be saved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.trainers.base import State, StateValue


class VisitingOrder:
    """Draws a new order of the rows for each epoch.

    Args:
        rows: the number of rows.
        shuffle: whether the order is random; otherwise the rows keep their order.
        seed: the seed of the generator (PCG64).
    """

    def __init__(self, rows: int, shuffle: bool, seed: int) -> None:
        self.rows = rows
        self.shuffle = shuffle
        self._generator = np.random.Generator(np.random.PCG64(seed))

    def next(self) -> NDArray[np.int_]:
        """Return the order of the next epoch, shape (rows,)."""
        return self._generator.permutation(self.rows) if self.shuffle else np.arange(self.rows)

    def state_dict(self) -> dict[str, StateValue]:
        """Return the state of the generator, with its 128-bit integers as strings."""
        state = self._generator.bit_generator.state
        numbers = (state["state"]["state"], state["state"]["inc"], state["has_uint32"], state["uinteger"])
        return {"random": [str(number) for number in numbers]}

    def load_state_dict(self, state: State) -> None:
        """Restore a state that ``state_dict`` returned."""
        words = state["random"]
        assert isinstance(words, list)
        number, increment, has_uint32, uinteger = (int(word) for word in words)
        self._generator.bit_generator.state = {
            "bit_generator": "PCG64",
            "state": {"state": number, "inc": increment},
            "has_uint32": has_uint32,
            "uinteger": uinteger,
        }
