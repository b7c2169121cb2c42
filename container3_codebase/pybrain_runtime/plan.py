"""A network, compiled into array operations that answer many rows at once.

A plan is made once and never changes: all that a run needs lies in that run, so one plan may be used by many
threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .compiled import CompiledNetwork, Run, Slots
from .description import NetworkDescription
from .errors import ActivationError, KnowledgeError
from .layers import Array

if TYPE_CHECKING:
    from numpy.random import RandomState

_CHUNK_NUMBERS = 1 << 18


class Plan:
    """The compiled form of a network.

    Attributes:
        indim: numbers in a row that goes in.
        outdim: numbers in a row that comes out.
        recurrent: whether the rows are the time steps of a sequence.
        random: whether a layer draws its outputs, so that ``run`` needs a source of chance.
    """

    def __init__(self, description: NetworkDescription, network: CompiledNetwork, slots: Slots) -> None:
        self.indim = description.indim
        self.outdim = description.outdim
        self.recurrent = description.recurrent
        self.random = bool(slots.chance)
        self._steps_done = description.steps_done
        self._network = network
        self._slots = slots

    @classmethod
    def compile(cls, description: NetworkDescription, *, defects: bool = False) -> Plan:
        """Compiles a network.

        Args:
            description: the network.
            defects: whether to reproduce what PyBrain computes for a feed-forward network inside a recurrent
                one: from the second time step on, as if nothing reached it.

        Raises:
            KnowledgeError: a part of it cannot be computed from inputs alone; it says which and why.
        """
        slots = Slots()
        return cls(description, CompiledNetwork(description, slots, defects=defects), slots)

    def run(
        self,
        rows: Array | Sequence[Sequence[float]],
        *,
        resume: bool = False,
        random: RandomState | None = None,
    ) -> Array:
        """Answers rows.

        The rows of a feed-forward network are independent of one another. Those of a recurrent network are
        the time steps of one sequence, which starts from a reset network, as PyBrain's ``reset()`` leaves it.

        Args:
            rows: shape (n, indim); one row of shape (indim,) is taken as n = 1.
            resume: go on in the middle of the sequence that the network had in mind when it was saved.
            random: where layers that draw their outputs take chance from. PyBrain's own figures come from
                ``numpy.random.RandomState(seed)``, row by row.

        Returns:
            float64, shape (n, outdim).

        Raises:
            ActivationError: the rows have another number of columns.
            KnowledgeError: a layer draws its outputs and ``random`` is missing, or nothing is to resume.
        """
        inputs = np.asarray(rows, dtype=np.float64)
        inputs = inputs[None, :] if inputs.ndim == 1 else inputs
        self._check(inputs, 2, random)
        if self.recurrent:
            sequence: Array = self._sequences(inputs[None], self._start(1, resume, random))[0]
            return sequence
        outputs = np.empty((len(inputs), self.outdim))
        # PyBrain draws for a whole row before the next one.
        size = 1 if self.random else max(1, _CHUNK_NUMBERS // self._network.width)
        for start in range(0, len(inputs), size):
            part = inputs[start : start + size]
            with np.errstate(all="ignore"):  # overflow ends as infinity or NaN in the answer, as in PyBrain
                outputs[start : start + size] = self._network.step(
                    part, self._start(len(part), False, random)
                )
        return outputs

    def run_sequences(self, sequences: Array, *, random: RandomState | None = None) -> Array:
        """Answers many sequences of the same length at once, each from a reset network.

        Args:
            sequences: shape (sequences, time steps, indim).
            random: as for ``run``.

        Returns:
            float64, shape (sequences, time steps, outdim).
        """
        inputs = np.asarray(sequences, dtype=np.float64)
        self._check(inputs, 3, random)
        if not self.recurrent:
            flat = self.run(inputs.reshape(-1, self.indim), random=random)
            return flat.reshape(*inputs.shape[:2], self.outdim)
        return self._sequences(inputs, self._start(len(inputs), False, random))

    def _sequences(self, inputs: Array, run: Run) -> Array:
        outputs = np.empty((*inputs.shape[:2], self.outdim))
        with np.errstate(all="ignore"):
            for time in range(inputs.shape[1]):
                outputs[:, time] = self._network.step(inputs[:, time], run)
                run.steps += 1
        return outputs

    def _start(self, rows: int, resume: bool, random: RandomState | None) -> Run:
        if not resume:
            return Run([np.zeros((rows, size)) for size in self._slots.sizes], 0, random)
        remembered = [value[None, :] for value in self._slots.remembered if value is not None]
        if not self._steps_done or len(remembered) != len(self._slots.sizes):
            raise KnowledgeError(
                "The network was not saved in the middle of a sequence; there is none to resume."
            )
        return Run(remembered, self._steps_done, random)

    def _check(self, inputs: Array, dimensions: int, random: RandomState | None) -> None:
        if inputs.ndim != dimensions or inputs.shape[-1] != self.indim:
            raise ActivationError(
                f"The rows have the shape {inputs.shape}; the network takes {self.indim} numbers in each.",
                expected=self.indim,
            )
        if self.random and random is None:
            layer = self._slots.chance[0]
            raise KnowledgeError(
                f"The {layer.kind} '{layer.name}' draws its outputs at random; there is no one answer.",
                hint="Pass random=numpy.random.RandomState(seed), or save the network with enabled = False.",
                part=layer.name,
            )
