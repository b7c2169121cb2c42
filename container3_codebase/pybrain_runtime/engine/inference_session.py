"""Inference on rows that arrive in batches: a session keeps the recurrent state between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pybrain_runtime.engine.compiled_network import CompiledNetwork, Rows
from pybrain_runtime.io.record import Protocol
from pybrain_runtime.network.layers.formulas import Array
from pybrain_runtime.tables.batch import RowBatch

if TYPE_CHECKING:
    from numpy.random import RandomState


class Scaling(Protocol):
    """Converts between the user's units and those of the network, as a model card describes."""

    def scaled(self, inputs: np.ndarray) -> np.ndarray:
        """Return inputs scaled for the network."""

    def unscaled(self, outputs: np.ndarray) -> np.ndarray:
        """Return outputs in the user's units."""


class InferenceSession:
    """Runs a network on one activation, batch by batch, in order.

    The rows of a recurrent network are one sequence, and its session belongs to one thread. The rows of a
    feed-forward network are independent, and several threads may share its session.

    Attributes:
        recurrent: whether the order of the rows matters.
        steps: number of time steps since the network was reset.

    Args:
        network: the compiled network.
        scaling: the scaling of inputs and outputs; None for no scaling.
        threads: maximum number of threads; None for as many as the process is allowed.
        resume: whether to continue the sequence in the middle of which the network was saved.
        random: random number generator of layers that draw their outputs.

    Raises:
        KnowledgeError: a layer draws its outputs and ``random`` is missing, or there is nothing to resume.
    """

    def __init__(
        self,
        network: CompiledNetwork,
        *,
        scaling: Scaling | None = None,
        threads: int | None = None,
        resume: bool = False,
        random: RandomState | None = None,
    ) -> None:
        self.recurrent = network.recurrent
        self.steps = 0
        self._network = network
        self._scaling = scaling
        self._threads = threads
        self._random = random
        network.check_random(random)
        self._context = network.sequence_context(resume=resume) if network.recurrent else None
        if resume and network.recurrent:
            self.steps = network.saved_steps

    def activate(self, inputs: Rows) -> Array:
        """Return the outputs of the next rows.

        Args:
            inputs: shape (n, indim).

        Returns:
            float64, shape (n, outdim).

        Raises:
            ActivationError: the rows have the wrong number of columns.
        """
        rows: Array = np.asarray(inputs, np.float64)
        if self._scaling is not None:
            rows = self._scaling.scaled(rows)
        outputs: Array = self._run(rows).astype(np.float64, copy=False)
        return outputs if self._scaling is None else self._scaling.unscaled(outputs)

    @property
    def note(self) -> str:
        """Where the rows were computed, in one sentence; empty if only the CPU was requested."""
        return ""

    def batches(self, activation: Iterable[RowBatch]) -> Iterator[RowBatch]:
        """Yield the batches of an activation in the sizes that the session computes fastest."""
        return iter(activation)

    def _run(self, rows: Array) -> Array:
        if self._context is None:
            return self._network.run(rows, random=self._random, threads=self._threads)
        outputs = self._network.continue_sequence(self._context, rows, self.steps, self._random)
        self.steps += len(outputs)
        return outputs

    @property
    def recurrent_state(self) -> list[Array]:
        """A copy of the recurrent state; empty for a feed-forward network."""
        return self._network.state_of(self._context) if self._context else []

    def restore(self, steps: int, state: Sequence[Sequence[float] | Array]) -> None:
        """Continue from the state of another session of the same network.

        Args:
            steps: the other session's ``steps``.
            state: the other session's ``recurrent_state``.
        """
        self.steps = steps
        if self._context is not None:
            self._network.restore_state(self._context, state)
