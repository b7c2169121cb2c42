"""A network at work: rows in the units of its card go in bit by bit, answers come out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pybrain_runtime.network.layers.formulas import Array

if TYPE_CHECKING:
    from pybrain_runtime.knowledge import Knowledge


class Answering:
    """Answers the rows of one activation, in their order.

    A recurrent network keeps in mind what came before; the rows of a feed-forward network have nothing to do
    with one another, and several threads may ask.

    Attributes:
        recurrent: whether the order of the rows matters.

    Args:
        knowledge: the network and its card.
        precision: ``float64`` or ``float32``.
        threads: how many to use at most; None for as many as are allowed.
    """

    def __init__(
        self, knowledge: Knowledge, *, precision: str = "float64", threads: int | None = None
    ) -> None:
        plan = knowledge.plan_for(precision)
        self.recurrent = plan.recurrent
        self._card = knowledge.card
        self._threads = threads
        self._walk = plan.walk()

    def activate(self, inputs: Array | Sequence[Sequence[float]]) -> Array:
        """Answers the next rows.

        Args:
            inputs: shape (n, indim), as given in the file.

        Returns:
            float64, shape (n, outdim).
        """
        rows: Array = np.asarray(inputs, np.float64)
        if self._card is not None:
            rows = self._card.scaled(rows)
        answers: Array = self._walk.run(rows, threads=self._threads)
        answers = answers.astype(np.float64, copy=False)
        return self._card.unscaled(answers) if self._card else answers

    @property
    def memory(self) -> tuple[int, list[Array]]:
        """Time steps done, and what the network has in mind."""
        return self._walk.steps, self._walk.memory

    def recall(self, steps: int, memory: Sequence[Sequence[float]]) -> None:
        """Goes on from the memory of another one."""
        self._walk.recall(steps, [np.array(values) for values in memory])
