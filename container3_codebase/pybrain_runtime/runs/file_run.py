"""One run through a file: chunks are predicted in several threads, written in order, and checkpointed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pybrain_runtime._version import __version__
from pybrain_runtime.activation import ActivationStream
from pybrain_runtime.engine.threads import checked_threads
from pybrain_runtime.errors import CannotResume
from pybrain_runtime.io.paths import base
from pybrain_runtime.io.sha256 import Sha256
from pybrain_runtime.io.signals import signals_held_back
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.results.prediction_writer import FIRST_ROWS, PredictionWriter
from pybrain_runtime.runs.checkpoint import Checkpoint, check_same
from pybrain_runtime.runs.options import StreamOptions
from pybrain_runtime.runs.outcome import Outcome, Progress
from pybrain_runtime.runs.parallel_map import parallel_map
from pybrain_runtime.runs.partial_output import PartialOutput
from pybrain_runtime.runs.rejected_rows import RejectedRowsFile
from pybrain_runtime.tables.batch import RowBatch
from pybrain_runtime.tables.decimal_marks import DecimalMarks
from pybrain_runtime.tables.formats.interface import Chunk

_MOST_THREADS = 6
"""More threads would wait for the one that reads, hashes and writes, and each needs memory for its chunk."""


_LONGEST_HEADER = 4096


class ProcessedChunk:
    """A chunk with its outputs and their encoded rows.

    Attributes:
        chunk: the chunk.
        mark: number of bytes of the file that had been read after the chunk, and their hash.
        batch: its rows.
        outputs: shape (n, outdim); None if the chunk has no rows.
        content: the encoded rows.
    """

    __slots__ = ("batch", "chunk", "content", "mark", "outputs")

    def __init__(
        self,
        chunk: Chunk,
        mark: tuple[int, Sha256],
        batch: RowBatch,
        outputs: np.ndarray | None,
        content: bytes | memoryview,
    ) -> None:
        self.chunk = chunk
        self.mark = mark
        self.batch = batch
        self.outputs = outputs
        self.content = content


class FileRun:
    """A run from a file to a prediction, which may resume an interrupted one.

    Args:
        knowledge: the network.
        activation: the rows, not yet read.
        output: the prediction.
        options: the options.
        started: when the run started, in seconds since 1970.
        on_progress: called after each chunk.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        activation: ActivationStream,
        output: str,
        options: StreamOptions,
        started: float,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._knowledge = knowledge
        self._activation = activation
        self._output = output
        self._options = options
        self._started = started
        self._on_progress = on_progress
        self._session = knowledge.session(precision=options.precision, threads=1)
        recurrent = sum(values.size for values in self._session.recurrent_state)
        self._checkpoint = Checkpoint(
            output, recurrent + knowledge.indim + (1 + FIRST_ROWS) * knowledge.outdim
        )
        self._done = 0  # the end of the last chunk that the interrupted run has processed
        self._continued = 0
        self._given_up = False
        self._saved = time.monotonic()

    def run(self) -> Outcome:
        """Predict all rows, and commit the prediction."""
        opened: list[PartialOutput] = []
        try:
            with signals_held_back():
                table, rejects = self._opened()
                opened += [table, rejects.file] if rejects else [table]
            state = self._resumable_state(table, rejects)
            with self._writer(table) as writer:
                if state:
                    self._restore(state, writer)
                return self._process(writer, table, rejects, state)
        except BaseException:
            for file in opened:
                file.discard()
            if opened and not self._options.resume:
                self._checkpoint.remove()
            raise

    def _opened(self) -> tuple[PartialOutput, RejectedRowsFile | None]:
        """Open the outputs; if that fails, the partial outputs of an earlier run stay unchanged."""
        table = PartialOutput(self._output, keep=True)
        rejects: RejectedRowsFile | None = None
        try:
            if self._options.skip:
                rejects = RejectedRowsFile(self._output, keep=True)
        except BaseException:
            table.release()
            raise
        table.keep = self._options.resume
        if rejects:
            rejects.file.keep = self._options.resume
        return table, rejects

    # Inference.

    def _process(
        self,
        writer: PredictionWriter,
        table: PartialOutput,
        rejects: RejectedRowsFile | None,
        state: dict[str, Any] | None,
    ) -> Outcome:
        def processed(work: tuple[Chunk, tuple[int, Sha256]]) -> ProcessedChunk:
            chunk, mark = work
            batch = self._activation.parse(chunk)
            if not len(batch.inputs):
                return ProcessedChunk(chunk, mark, batch, None, b"")
            outputs = self._session.activate(batch.inputs)
            content = writer.encode(
                batch.inputs, outputs, batch.targets, labels=batch.labels, kept=batch.kept
            )
            return ProcessedChunk(chunk, mark, batch, outputs, content)

        for done in parallel_map(processed, self._chunks(state), self._threads()):
            rejected = self._activation.accept(done.batch)
            if rejects and rejected:
                rejects.write(rejected)
            if done.outputs is not None:
                batch = done.batch
                writer.append(done.content, done.outputs, batch.targets, labels=batch.labels, kept=batch.kept)
            self._report_progress(done)
            if time.monotonic() - self._saved >= self._options.checkpoint:
                self._save(done, writer, table, rejects)
        return self._finish(writer, rejects)

    def _chunks(self, state: dict[str, Any] | None) -> Iterator[tuple[Chunk, tuple[int, Sha256]]]:
        """Yield the chunks that are not yet processed, with the bytes read so far and their hash."""
        file = self._activation.file
        end = 0
        for chunk in self._activation.chunks():
            end = chunk.end
            if end > self._done:
                yield chunk, file.mark()
            elif end == self._done and state and file.mark()[1].hexdigest() != state["read"]["sha256"]:
                raise self._other_input("its beginning is different")
        if end < self._done:
            raise self._other_input("it is shorter")

    def _finish(self, writer: PredictionWriter, rejects: RejectedRowsFile | None) -> Outcome:
        activation = self._activation
        activation.finish()
        rejected_path = rejects.used_path if rejects else ""
        others = [rejects.file] if rejects and rejected_path else []
        for file in others:
            file.finish()
        with signals_held_back():
            prediction = writer.commit(activation.source(rejected_path), before=others)
            self._checkpoint.remove()
            if rejects:
                rejects.remove_old()
        return Outcome(
            prediction=prediction,
            columns=activation.columns,
            rejected=activation.rejected,
            rejected_path=rejected_path or None,
            continued=self._continued,
            light=activation.light,
            given_up=self._given_up,
            seconds=time.time() - self._started,
        )

    def _writer(self, table: PartialOutput) -> PredictionWriter:
        return PredictionWriter(
            self._output,
            self._knowledge,
            input_names=self._activation.input_names,
            expected=bool(self._activation.columns.targets),
            started=self._started,
            precision=self._options.precision,
            fast=self._activation.fast,
            table=table,
            activation=self._activation,
            kept=self._activation.kept_names,
            expected_class=self._activation.columns.label is not None,
            decimal_comma=self._options.decimal_comma,
        )

    def _threads(self) -> int:
        """Return the number of threads: one if rows depend on earlier ones, or if Python parses them."""
        if self._session.recurrent or not self._activation.fast:
            return 1
        return min(checked_threads(self._options.threads), _MOST_THREADS)

    def _report_progress(self, done: ProcessedChunk) -> None:
        if self._on_progress:
            activation = self._activation
            fraction = activation.fraction(done.chunk, done.mark[0])
            self._on_progress(
                Progress(activation.rows, activation.rejected, fraction, self._continued, activation.light)
            )

    # Checkpoints.

    def _save(
        self,
        done: ProcessedChunk,
        writer: PredictionWriter,
        table: PartialOutput,
        rejects: RejectedRowsFile | None,
    ) -> None:
        """Write a checkpoint after a chunk."""
        activation, (read, digest) = self._activation, done.mark
        self._saved = time.monotonic()
        table.sync()  # the checkpoint must not reach the disk before the rows
        if rejects:
            rejects.file.sync()
        steps, recurrent_state = self._session.steps, self._session.recurrent_state
        self._checkpoint.write(
            {
                "identity": self._identity(),
                "done": done.chunk.end,
                "read": {"bytes": read, "sha256": digest.hexdigest()},
                "activation": [
                    activation.rows,
                    activation.rejected,
                    activation.blank,
                    activation.marks.state,
                ],
                "prediction": writer.state,
                "table": _size_and_hash(table),
                "rejects": _size_and_hash(rejects.file) if rejects else None,
                "steps": steps,
                "recurrent_state": [values.tolist() for values in recurrent_state],
            }
        )

    def _resumable_state(
        self, table: PartialOutput, rejects: RejectedRowsFile | None
    ) -> dict[str, Any] | None:
        """Return the state of the interrupted run if it is to be resumed and its outputs are intact."""
        state = self._checkpoint.read() if self._options.resume else None
        if state is None:
            self._truncate(table, rejects)
            return None
        check_same(state["identity"], self._identity(), self._output)
        self._check_shapes(state)
        intact = table.resume(*state["table"])
        if rejects and state["rejects"]:
            intact = rejects.file.resume(*state["rejects"]) and intact
        if not intact:  # another program has changed the outputs, or the disk has lost them
            self._given_up = True
            self._truncate(table, rejects)
            return None
        return state

    def _truncate(self, table: PartialOutput, rejects: RejectedRowsFile | None) -> None:
        table.truncate()
        if rejects:
            rejects.file.truncate()

    def _check_shapes(self, state: dict[str, Any]) -> None:
        """Check that the arrays of a checkpoint have the sizes that this network needs."""
        first, rows = state["prediction"]["first"], state["activation"][0]
        found = [len(row) for row in first], [len(values) for values in state["recurrent_state"]]
        recurrent = [values.size for values in self._session.recurrent_state]
        if found != ([self._knowledge.outdim] * min(rows, FIRST_ROWS), recurrent):
            raise self._checkpoint.damaged()

    def _restore(self, state: dict[str, Any], writer: PredictionWriter) -> None:
        rows, rejected, blank, marks = state["activation"]
        self._activation.restore(rows, rejected, tuple(blank) if blank else None, DecimalMarks(*marks))
        self._session.restore(state["steps"], state["recurrent_state"])
        writer.restore(state["prediction"])
        self._done = state["done"]
        self._continued = rows

    def _identity(self) -> dict[str, Any]:
        """Return everything that must be equal for one run to resume another, with names for messages."""
        knowledge, activation, options = self._knowledge, self._activation, self._options
        columns = activation.columns
        return {
            "activation's size": activation.file.size,
            "activation's header": _shorten(",".join(activation.header)),
            "activation's format": activation.kind,
            "choice of inputs": list(columns.inputs),
            "choice of expected outputs": list(columns.targets),
            "column with the class": columns.label,
            "columns passed through": list(columns.keep),
            "decimal comma": options.decimal_comma,
            "knowledge's SHA-256": knowledge.sha256,
            "choice of the network": knowledge.picked or None,
            "card's SHA-256": knowledge.card.sha256 if knowledge.card else None,
            "scaling": knowledge.scaling,
            "nesting": "legacy" if knowledge.network.legacy_nesting else "corrected",
            "precision": options.precision,
            "bad-row policy": "skip" if options.skip else "fail",
            "version of this program": __version__,
            "version of NumPy": np.__version__,
        }

    def _other_input(self, how: str) -> CannotResume:
        return CannotResume(
            f"The interrupted run that wrote {base(self._output)} cannot be resumed: "
            f"{self._activation.file.name} is not the file that it read; {how}.",
        )


def _shorten(text: str) -> str:
    """Return a string, or the beginning and hash of a long one, to keep checkpoints small."""
    if len(text) <= _LONGEST_HEADER:
        return text
    digest = Sha256()
    digest.update(text.encode("utf-8", "backslashreplace"))
    return f"{text[:_LONGEST_HEADER]}... (SHA-256 {digest.hexdigest()})"


def _size_and_hash(file: PartialOutput) -> tuple[int, str]:
    size, digest = file.mark()
    return size, digest.hexdigest()
