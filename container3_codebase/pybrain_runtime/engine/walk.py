"""A way through rows that come bit by bit: a recurrent network keeps in mind what came before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.network.layers.formulas import Array

if TYPE_CHECKING:
    from numpy.random import RandomState

    from pybrain_runtime.engine.buffers import Workspace
    from pybrain_runtime.engine.plan import Plan
    from pybrain_runtime.engine.program import Program


class Walk:
    """Answers one sequence, as much of it at a time as is there. It belongs to one thread.

    For a feed-forward network, whose rows have nothing to do with one another, it is the plan itself.

    Attributes:
        steps: time steps done since the network was reset.

    Args:
        plan: the network.
        program: its operations.
        resume: go on where the network was when it was saved.
        random: where layers that draw their outputs take chance from.

    Raises:
        KnowledgeError: there is nothing to resume.
    """

    def __init__(
        self, plan: Plan, program: Program, *, resume: bool = False, random: RandomState | None = None
    ) -> None:
        self.steps = 0
        self._plan = plan
        self._program = program
        self._random = random
        self._state = program.state if plan.recurrent else []
        self._work: Workspace | None = None
        if plan.recurrent:
            self._work = program.workspace(1)
            self._work.exchange.random = random
        if resume:
            self._resume()

    def run(self, rows: Array | Sequence[Sequence[float]], *, threads: int | None = None) -> Array:
        """Answers the next rows, shape (n, indim); see ``Plan.run``."""
        if self._work is None:
            return self._plan.run(rows, random=self._random, threads=threads)
        inputs = self._plan.inputs(rows, self._random)
        if self._program.typed:
            inputs = inputs.astype(self._program.dtype, copy=False)
        outputs = np.empty((len(inputs), self._plan.outdim), self._program.dtype)
        # Each step is an array of one column.
        self._work.walk(inputs[:, :, None], outputs[:, :, None], self.steps)
        self.steps += len(inputs)
        return outputs

    @property
    def memory(self) -> list[Array]:
        """A copy of what the network has in mind: with ``steps``, all that it takes to go on elsewhere."""
        values = self._work.values if self._work else np.empty((0, 1))
        return [values[start:stop, 0].copy() for start, stop in self._state]

    def recall(self, steps: int, memory: Sequence[Array]) -> None:
        """Goes on from another walk of the same plan: from its ``steps`` and its ``memory``."""
        self.steps = steps
        for (start, stop), remembered in zip(self._state, memory, strict=True):
            assert self._work is not None
            self._work.values[start:stop, 0] = remembered

    def _resume(self) -> None:
        program = self._program
        memory = [values for values in program.remembered if values is not None]
        if not program.steps_done or len(memory) != len(program.state):
            raise KnowledgeError(
                "The network was not saved in the middle of a sequence; there is none to resume."
            )
        self.recall(program.steps_done, memory)
