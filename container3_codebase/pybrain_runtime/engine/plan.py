"""A network, compiled into array operations that answer many rows at once.

A plan is made once and never changes: all that a run writes to belongs to that run, so one plan may be used by
many threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, overload

import numpy as np

from pybrain_runtime.engine.buffers import Workspace
from pybrain_runtime.engine.flatten import FlatNetwork
from pybrain_runtime.engine.program import Program
from pybrain_runtime.engine.threads import checked_threads, one_blas_thread, spread
from pybrain_runtime.engine.walk import Walk
from pybrain_runtime.errors import ActivationError, UnsupportedPart, UsageError
from pybrain_runtime.network.allow_list import shown
from pybrain_runtime.network.description import NetworkDescription
from pybrain_runtime.network.layers.formulas import Array

if TYPE_CHECKING:
    from numpy.random import RandomState

Rows = Array | Sequence[Sequence[float]]

_SIZES = 8
_WORTH_A_THREAD = 4_000_000
_BLAS_ALONE = 1 << 18
_SEQUENCE_NUMBERS = 1 << 22


class Plan:
    """The compiled form of a network.

    In float32, products are summed with 24 bits: expect answers that are off by about 1e-6 of the largest
    number added up on the way (for inputs, weights and outputs around 1 that is the error of the answer), more
    in recurrent networks, where errors go round. Tiny answers lose all digits. Figures of all recorded
    networks are in ``docs/activation-files.md``.

    Attributes:
        indim: numbers in a row that goes in.
        outdim: numbers in a row that comes out.
        recurrent: whether the rows are the time steps of a sequence.
        random: whether a layer draws its outputs, so that ``run`` needs a source of chance.
        precision: ``float64`` or ``float32``.
        chunk: rows that are computed at once. Where a batch is cut does not depend on the number of threads,
            so neither do the answers.
    """

    def __init__(self, description: NetworkDescription, program: Program) -> None:
        self.indim = description.indim
        self.outdim = description.outdim
        self.recurrent = description.recurrent
        self.random = bool(program.chance)
        self.precision = program.dtype.name
        self.chunk = 1 if self.random else program.chunk  # PyBrain draws for a whole row before the next one
        self._dtype = program.dtype
        self._single = program.dtype == np.float32
        self._program = program
        self._idle: dict[int, list[Workspace]] = {}

    @classmethod
    def compile(
        cls, description: NetworkDescription, *, defects: bool = False, precision: str = "float64"
    ) -> Plan:
        """Compiles a network.

        Args:
            description: the network.
            defects: whether to reproduce what PyBrain computes for a feed-forward network inside a recurrent
                one: from the second time step on, as if nothing reached it.
            precision: ``float64``, PyBrain's own, or ``float32``, up to three times as fast.

        Raises:
            KnowledgeError: a part of it cannot be computed from inputs alone; it says which and why.
            UsageError: there is no such precision.
        """
        if precision not in ("float64", "float32"):
            raise UsageError(f"There is no precision {precision!r}; there are float64 and float32.")
        return cls(description, Program(FlatNetwork(description, defects=defects), np.dtype(precision)))

    def run(
        self,
        rows: Rows,
        *,
        resume: bool = False,
        random: RandomState | None = None,
        threads: int | None = None,
    ) -> Array:
        """Answers rows.

        The rows of a feed-forward network are independent of one another. Those of a recurrent network are
        the time steps of one sequence, which starts from a reset network, as PyBrain's ``reset()`` leaves it.

        Args:
            rows: shape (n, indim); one row of shape (indim,) is taken as n = 1.
            resume: go on in the middle of the sequence that the network had in mind when it was saved.
            random: where layers that draw their outputs take chance from. PyBrain's own figures come from
                ``numpy.random.RandomState(seed)``, row by row.
            threads: how many to use at most; None for as many as the process is allowed. Small batches and
                sequences are answered by one.

        Returns:
            Shape (n, outdim), in the plan's precision.

        Raises:
            ActivationError: the rows have another number of columns.
            KnowledgeError: a layer draws its outputs and ``random`` is missing, or nothing is to resume.
        """
        inputs = self.inputs(rows, random)
        if self.recurrent:
            return self.walk(resume=resume, random=random).run(inputs)
        outputs = np.empty((len(inputs), self.outdim), self._dtype)
        size = self.chunk
        if len(inputs) <= size and threads is None:
            self._answer(inputs, outputs, random)
            return outputs

        def answer(start: int) -> None:
            part = slice(start, start + size)
            self._answer(inputs[part], outputs[part], random)

        self._spread(answer, range(0, len(inputs), size), size, 1 if random else threads)
        return outputs

    @overload
    def run_sequences(
        self, sequences: Array, *, random: RandomState | None = None, threads: int | None = None
    ) -> Array: ...

    @overload
    def run_sequences(
        self, sequences: Sequence[Rows], *, random: RandomState | None = None, threads: int | None = None
    ) -> list[Array]: ...

    def run_sequences(
        self,
        sequences: Array | Sequence[Rows],
        *,
        random: RandomState | None = None,
        threads: int | None = None,
    ) -> Array | list[Array]:
        """Answers many sequences at once, each from a reset network.

        Args:
            sequences: an array of shape (sequences, time steps, indim), or a list of arrays of shape
                (time steps, indim), each with a length of its own.
            random: as for ``run``.
            threads: as for ``run``.

        Returns:
            For an array, one of shape (sequences, time steps, outdim); for a list, a list of arrays of shape
            (time steps, outdim), in the same order.

        Raises:
            ActivationError, KnowledgeError: as for ``run``.
        """
        if not isinstance(sequences, np.ndarray):
            return self._ragged([self.inputs(rows, random) for rows in sequences], random, threads)
        inputs = self._as_array(sequences)
        if inputs.ndim != 3 or inputs.shape[2] != self.indim:
            raise self._misshapen(inputs)
        self._check_chance(random)
        if not self.recurrent:
            flat = self.run(inputs.reshape(-1, self.indim), random=random, threads=threads)
            return flat.reshape(*inputs.shape[:2], self.outdim)
        outputs = np.empty((*inputs.shape[:2], self.outdim), self._dtype)
        size = len(inputs) if random else self._sequences_at_once(inputs.shape[1])

        def answer(start: int) -> None:
            part = slice(start, start + size)
            self._answer_steps(inputs[part].transpose(1, 2, 0), outputs[part].transpose(1, 2, 0), random)

        self._spread(answer, range(0, len(inputs), size or 1), inputs.shape[1] * size, threads)
        return outputs

    def walk(self, *, resume: bool = False, random: RandomState | None = None) -> Walk:
        """Begins to answer rows that come bit by bit; a recurrent network remembers those before.

        Args:
            resume: as for ``run``.
            random: as for ``run``.

        Raises:
            KnowledgeError: a layer draws its outputs and ``random`` is missing, or nothing is to resume.
        """
        self._check_chance(random)
        return Walk(self, self._program, resume=resume and self.recurrent, random=random)

    # One chunk.

    def _answer(self, inputs: Array, outputs: Array, random: RandomState | None) -> None:
        columns = len(inputs)
        if not columns:
            return
        work = self._take(columns)
        work.exchange.random = random
        if self._program.state:  # of recurrent networks inside this one: every row is a first time step
            self._program.reset(work)
        if self._program.typed:
            inputs = self._own_type(inputs)
        work.step(inputs.T, outputs.T)
        self._give(work)

    def _answer_steps(self, inputs: Array, outputs: Array, random: RandomState | None) -> None:
        """Answers sequences from their start: inputs of shape (time steps, indim, sequences), outputs alike."""
        work = self._take(inputs.shape[2])
        work.exchange.random = random
        self._program.reset(work)
        if self._program.typed and inputs.dtype != self._dtype:
            with np.errstate(all="ignore"):
                inputs = inputs.astype(self._dtype)
        work.walk(inputs, outputs, 0)
        self._give(work)

    def _spread(
        self, answer: Callable[[int], None], starts: range, columns: int, threads: int | None
    ) -> None:
        """Answers chunks of so many columns each, one for each start, in as many threads as are worth it."""
        if len(starts) <= 1 and threads is None:
            for start in starts:
                answer(start)
            return
        work = len(starts) * columns * self._program.cost
        count = min(checked_threads(threads), len(starts), 1 + work // _WORTH_A_THREAD)
        if self._program.largest * starts.step > _BLAS_ALONE:
            with one_blas_thread():
                spread(answer, starts, count)
        else:
            spread(answer, starts, count)

    def _sequences_at_once(self, steps: int) -> int:
        room = _SEQUENCE_NUMBERS // (1 + steps * (self.indim + self.outdim))
        return max(1, min(self._program.chunk, room))

    def _ragged(self, sequences: list[Array], random: RandomState | None, threads: int | None) -> list[Array]:
        if random or not self.recurrent:
            return [self.run(sequence, random=random, threads=threads) for sequence in sequences]
        answers = [np.empty((len(sequence), self.outdim), self._dtype) for sequence in sequences]
        # The longest ones first, so that those that are answered together have about the same length.
        order = sorted(range(len(sequences)), key=lambda place: -len(sequences[place]))
        longest = len(sequences[order[0]]) if order else 0
        size = self._sequences_at_once(longest)

        def answer(start: int) -> None:
            some = order[start : start + size]
            steps = len(sequences[some[0]])
            inputs = np.zeros((steps, self.indim, len(some)), self._dtype)
            for column, place in enumerate(some):
                inputs[: len(sequences[place]), :, column] = sequences[place]
            outputs = np.empty((steps, self.outdim, len(some)), self._dtype)
            self._answer_steps(inputs, outputs, None)
            for column, place in enumerate(some):
                answers[place][...] = outputs[: len(answers[place]), :, column]

        self._spread(answer, range(0, len(order), size), longest * size, threads)
        return answers

    # Workspaces: those that are idle wait for the next run of the same size.

    def _take(self, columns: int) -> Workspace:
        try:
            return self._idle[columns].pop()
        except (KeyError, IndexError):
            return self._program.workspace(columns)

    def _give(self, work: Workspace) -> None:
        idle = self._idle
        if work.columns not in idle and len(idle) >= _SIZES:
            idle.clear()
        idle.setdefault(work.columns, []).append(work)

    # What comes in.

    def inputs(self, rows: Rows, random: RandomState | None = None) -> Array:
        """Returns rows as an array of shape (n, indim); raises as ``run`` does."""
        inputs = self._as_array(rows)
        if inputs.ndim == 1:
            inputs = inputs[None, :]
        if inputs.ndim != 2 or inputs.shape[1] != self.indim:
            raise self._misshapen(inputs)
        if self.random:
            self._check_chance(random)
        return inputs

    def _as_array(self, rows: object) -> Array:
        """Returns numbers in float64, or in float32 where they are that and the plan is, too."""
        if self._single and isinstance(rows, np.ndarray) and rows.dtype == np.float32:
            return rows
        return np.asarray(rows, np.float64)

    def _own_type(self, inputs: Array) -> Array:
        """Returns the inputs as matrix products take them, always in the same way: type and order of memory."""
        if inputs.dtype == self._dtype and inputs.flags.c_contiguous:
            return inputs
        with np.errstate(all="ignore"):
            return np.ascontiguousarray(inputs, self._dtype)

    def _misshapen(self, inputs: Array) -> ActivationError:
        return ActivationError(
            f"The rows have the shape {inputs.shape}; the network takes {self.indim} numbers in each.",
        )

    def _check_chance(self, random: RandomState | None) -> None:
        if self.random and random is None:
            layer = self._program.chance[0]
            raise UnsupportedPart(
                f"The {layer.kind} '{shown(layer.name, 60)}' draws its outputs at random; there is no one answer.",
                hint="Pass random=numpy.random.RandomState(seed), or save the network with enabled = False.",
                part=layer.name,
            )
