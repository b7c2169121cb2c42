"""A network compiled into array operations on many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, overload

import numpy as np

from pybrain_runtime.engine.buffer_layout import BufferLayout
from pybrain_runtime.engine.execution_context import ExecutionContext
from pybrain_runtime.engine.flatten import FlatNetwork
from pybrain_runtime.engine.threads import checked_threads, one_blas_thread, spread
from pybrain_runtime.errors import ActivationError, KnowledgeError, UnsupportedPart, UsageError
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.network.description import NetworkDescription
from pybrain_runtime.network.layers.formulas import Array

if TYPE_CHECKING:
    from numpy.random import RandomState

Rows = Array | Sequence[Sequence[float]]

_IDLE_SIZES = 8
_WORTH_A_THREAD = 4_000_000
_LARGEST_FOR_BLAS_THREADS = 1 << 18
_SEQUENCE_NUMBERS = 1 << 22


class CompiledNetwork:
    """The compiled form of a network, which any number of threads may use at once.

    A run changes nothing but its own context; the contexts of finished runs are kept for later ones.

    In float32, products are summed with 24 bits: expect outputs to be off by about 1e-6 of the largest
    number in the sum (for inputs, weights and outputs around 1 that is the error of the output), more in
    recurrent networks, where errors accumulate. Tiny outputs lose all digits. ``docs/activation-files.md`` has
    the figures of all recorded networks.

    Attributes:
        indim: number of inputs.
        outdim: number of outputs.
        recurrent: whether the rows are the time steps of a sequence.
        random: whether a layer draws its outputs, so that ``run`` needs a random number generator.
        precision: ``float64`` or ``float32``.
        chunk: number of rows that are computed at once. How a batch is split does not depend on the number of
            threads, so neither do the outputs.
        cost: approximate number of multiplications per row.
        saved_steps: number of time steps that the network had done when it was saved.

    Args:
        description: the network.
        precision: ``float64``, PyBrain's own, or ``float32``, up to three times as fast.

    Raises:
        KnowledgeError: the outputs of a layer are not a function of its inputs; the message names the layer.
        UsageError: the precision is unknown.
    """

    def __init__(self, description: NetworkDescription, *, precision: str = "float64") -> None:
        if precision not in ("float64", "float32"):
            raise UsageError(f"The precision must be float64 or float32, got {precision!r}.")
        layout = BufferLayout(FlatNetwork(description), np.dtype(precision))
        self.indim = description.indim
        self.outdim = description.outdim
        self.recurrent = description.recurrent
        self.random = bool(layout.random)
        self.precision = precision
        self.chunk = 1 if self.random else layout.chunk  # PyBrain draws for a whole row before the next one
        self.cost = layout.cost
        self.saved_steps = description.steps_done
        self._layout = layout
        self._dtype = layout.dtype
        self._single = precision == "float32"
        self._typed_inputs = layout.typed_inputs
        # The state of recurrent networks that are nested in a feed-forward one: every row is a first time step.
        self._nested_state = bool(layout.state) and not self.recurrent
        self._idle: dict[int, list[ExecutionContext]] = {}

    def run(
        self,
        rows: Rows,
        *,
        resume: bool = False,
        random: RandomState | None = None,
        threads: int | None = None,
    ) -> Array:
        """Return the outputs of rows.

        The rows of a feed-forward network are independent of one another. Those of a recurrent network are
        the time steps of one sequence, which starts from a reset network, as PyBrain's ``reset()`` leaves it.

        Args:
            rows: shape (n, indim); a single row may have shape (indim,).
            resume: whether to continue the sequence in the middle of which the network was saved.
            random: random number generator of layers that draw their outputs. PyBrain's own numbers come from
                ``numpy.random.RandomState(seed)``, row by row.
            threads: maximum number of threads; None for as many as the process is allowed. Small batches and
                sequences are computed by one.

        Returns:
            Shape (n, outdim), in the network's precision.

        Raises:
            ActivationError: the rows have the wrong number of columns.
            KnowledgeError: a layer draws its outputs and ``random`` is missing, or there is nothing to resume.
        """
        inputs = self._as_array(rows)
        if inputs.ndim != 2 or inputs.shape[1] != self.indim:
            inputs = self._as_rows(inputs)
        if self.random:
            self.check_random(random)
        if self.recurrent:
            steps = self.saved_steps if resume else 0
            return self.continue_sequence(self.sequence_context(resume=resume), inputs, steps, random)
        outputs = np.empty((len(inputs), self.outdim), self._dtype)
        if threads is None and len(inputs) <= self.chunk:
            self._run_chunk(inputs, outputs, random)
        else:
            self._run_chunks(inputs, outputs, random, threads)
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
        """Return the outputs of many sequences, each computed from a reset network.

        Args:
            sequences: an array of shape (sequences, time steps, indim), or a list of arrays of shape
                (time steps, indim), each with its own length.
            random: as for ``run``.
            threads: as for ``run``.

        Returns:
            For an array, one of shape (sequences, time steps, outdim); for a list, a list of arrays of shape
            (time steps, outdim), in the same order.

        Raises:
            ActivationError: the rows have the wrong number of columns.
            KnowledgeError: a layer draws its outputs and ``random`` is missing.
        """
        if not isinstance(sequences, np.ndarray):
            return self._run_ragged([self.inputs(rows) for rows in sequences], random, threads)
        inputs = self._as_array(sequences)
        if inputs.ndim != 3 or inputs.shape[2] != self.indim:
            raise self._misshapen(inputs)
        self.check_random(random)
        if not self.recurrent:
            flat = self.run(inputs.reshape(-1, self.indim), random=random, threads=threads)
            return flat.reshape(*inputs.shape[:2], self.outdim)
        outputs = np.empty((*inputs.shape[:2], self.outdim), self._dtype)
        size = len(inputs) if random else self._sequences_at_once(inputs.shape[1])

        def run_chunk(start: int) -> None:
            part = slice(start, start + size)
            self._run_steps(inputs[part].transpose(1, 2, 0), outputs[part].transpose(1, 2, 0), random)

        self._spread(run_chunk, range(0, len(inputs), size or 1), inputs.shape[1] * size, threads)
        return outputs

    def inputs(self, rows: Rows) -> Array:
        """Return rows as an array of shape (n, indim).

        Raises:
            ActivationError: the rows have the wrong number of columns.
        """
        return self._as_rows(self._as_array(rows))

    def check_random(self, random: RandomState | None) -> None:
        """Check that there is a random number generator if a layer draws its outputs.

        Raises:
            UnsupportedPart: a layer draws its outputs, and there is no generator.
        """
        if self.random and random is None:
            layer = self._layout.random[0]
            raise UnsupportedPart(
                f"The {layer.kind} '{escaped(layer.name, 60)}' draws its outputs at random, which requires a random "
                "number generator.",
                hint="Pass random=numpy.random.RandomState(seed), or save the network with enabled = False.",
                part=layer.name,
            )

    # A single sequence that arrives in parts. Its context holds the recurrent state.

    def sequence_context(self, *, resume: bool = False) -> ExecutionContext:
        """Return a context for one sequence, starting from a reset network or from its saved state.

        Raises:
            KnowledgeError: there is nothing to resume.
        """
        context = self._layout.new_context(1)
        if resume:
            state = [values for values in self._layout.saved_state if values is not None]
            if not self.saved_steps or len(state) != len(self._layout.state):
                raise KnowledgeError(
                    "The network was not saved in the middle of a sequence; there is no sequence to resume."
                )
            self.restore_state(context, state)
        return context

    def continue_sequence(
        self, context: ExecutionContext, rows: Rows, steps_done: int, random: RandomState | None
    ) -> Array:
        """Return the outputs of the next time steps of a sequence.

        Args:
            context: the return value of ``sequence_context``.
            rows: shape (n, indim).
            steps_done: number of time steps of the sequence before these.
            random: as for ``run``.
        """
        inputs = self.inputs(rows)
        if self._typed_inputs:
            inputs = inputs.astype(self._dtype, copy=False)
        outputs = np.empty((len(inputs), self.outdim), self._dtype)
        context.random = random
        # Each time step is an array of one column.
        context.compute_sequence(inputs[:, :, None], outputs[:, :, None], steps_done)
        return outputs

    def state_of(self, context: ExecutionContext) -> list[Array]:
        """Return a copy of the recurrent state of a sequence."""
        return [context.values[start:stop, 0].copy() for start, stop in self._layout.state]

    def restore_state(self, context: ExecutionContext, state: Sequence[Sequence[float] | Array]) -> None:
        """Set the recurrent state of a sequence.

        Args:
            context: the return value of ``sequence_context``.
            state: the return value of ``state_of``.
        """
        for (start, stop), values in zip(self._layout.state, state, strict=True):
            context.values[start:stop, 0] = values

    # Chunks.

    def _run_chunks(
        self, inputs: Array, outputs: Array, random: RandomState | None, threads: int | None
    ) -> None:
        size = self.chunk

        def run_chunk(start: int) -> None:
            part = slice(start, start + size)
            self._run_chunk(inputs[part], outputs[part], random)

        self._spread(run_chunk, range(0, len(inputs), size), size, 1 if random else threads)

    def _run_chunk(self, inputs: Array, outputs: Array, random: RandomState | None) -> None:
        columns = len(inputs)
        if not columns:
            return
        idle = self._idle_for(columns)
        context = self._take(idle, columns)
        context.random = random
        if self._nested_state:
            self._layout.reset(context)
        if self._typed_inputs:
            inputs = self._typed(inputs)
        context.compute(inputs.T, outputs.T)
        idle.append(context)

    def _run_steps(self, inputs: Array, outputs: Array, random: RandomState | None) -> None:
        """Compute whole sequences: inputs of shape (time steps, indim, sequences), outputs alike."""
        columns = inputs.shape[2]
        idle = self._idle_for(columns)
        context = self._take(idle, columns)
        context.random = random
        self._layout.reset(context)
        if self._typed_inputs and inputs.dtype != self._dtype:
            with np.errstate(all="ignore"):
                inputs = inputs.astype(self._dtype)
        context.compute_sequence(inputs, outputs, 0)
        idle.append(context)

    def _spread(
        self, run_chunk: Callable[[int], None], starts: range, columns: int, threads: int | None
    ) -> None:
        """Compute chunks of ``columns`` columns each, one per start, in as many threads as are worthwhile."""
        if len(starts) <= 1 and threads is None:
            for start in starts:
                run_chunk(start)
            return
        work = len(starts) * columns * self._layout.cost
        count = min(checked_threads(threads), len(starts), 1 + work // _WORTH_A_THREAD)
        if self._layout.largest_product * starts.step > _LARGEST_FOR_BLAS_THREADS:
            with one_blas_thread():
                spread(run_chunk, starts, count)
        else:
            spread(run_chunk, starts, count)

    def _sequences_at_once(self, steps: int) -> int:
        fitting = _SEQUENCE_NUMBERS // (1 + steps * (self.indim + self.outdim))
        return max(1, min(self._layout.chunk, fitting))

    def _run_ragged(
        self, sequences: list[Array], random: RandomState | None, threads: int | None
    ) -> list[Array]:
        self.check_random(random)
        if random or not self.recurrent:
            return [self.run(sequence, random=random, threads=threads) for sequence in sequences]
        results = [np.empty((len(sequence), self.outdim), self._dtype) for sequence in sequences]
        # Longest first, so that sequences that are computed together have about the same length.
        order = sorted(range(len(sequences)), key=lambda place: -len(sequences[place]))
        longest = len(sequences[order[0]]) if order else 0
        size = self._sequences_at_once(longest)

        def run_chunk(start: int) -> None:
            some = order[start : start + size]
            steps = len(sequences[some[0]])
            inputs = np.zeros((steps, self.indim, len(some)), self._dtype)
            for column, place in enumerate(some):
                inputs[: len(sequences[place]), :, column] = sequences[place]
            outputs = np.empty((steps, self.outdim, len(some)), self._dtype)
            self._run_steps(inputs, outputs, None)
            for column, place in enumerate(some):
                results[place][...] = outputs[: len(results[place]), :, column]

        self._spread(run_chunk, range(0, len(order), size), longest * size, threads)
        return results

    # Idle contexts wait for the next run of the same size.

    def _idle_for(self, columns: int) -> list[ExecutionContext]:
        """Return the idle contexts of a size. Another thread may take the last one at any time."""
        idle = self._idle.get(columns)
        if idle is None:
            if len(self._idle) >= _IDLE_SIZES:
                self._idle.clear()
            idle = self._idle.setdefault(columns, [])
        return idle

    def _take(self, idle: list[ExecutionContext], columns: int) -> ExecutionContext:
        try:
            return idle.pop()
        except IndexError:
            return self._layout.new_context(columns)

    # Inputs.

    def _as_array(self, rows: object) -> Array:
        """Return numbers as float64, or as float32 if both they and the network are float32."""
        if self._single and isinstance(rows, np.ndarray) and rows.dtype == np.float32:
            return rows
        return np.asarray(rows, np.float64)

    def _as_rows(self, inputs: Array) -> Array:
        """Return inputs of shape (n, indim); a single row may have shape (indim,)."""
        if inputs.ndim == 1:
            inputs = inputs[None, :]
        if inputs.ndim != 2 or inputs.shape[1] != self.indim:
            raise self._misshapen(inputs)
        return inputs

    def _typed(self, inputs: Array) -> Array:
        """Return the inputs in the dtype and memory order of the matrix products, always the same."""
        if inputs.dtype == self._dtype and inputs.flags.c_contiguous:
            return inputs
        with np.errstate(all="ignore"):
            return np.ascontiguousarray(inputs, self._dtype)

    def _misshapen(self, inputs: Array) -> ActivationError:
        return ActivationError(
            f"The rows must have the shape (n, {self.indim}), got {inputs.shape}.",
        )
