"""One run through a file: parts are answered in several threads, written in their order, and noted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pybrain_runtime import __version__
from pybrain_runtime._io.paths import base
from pybrain_runtime._io.sha256 import Sha256
from pybrain_runtime._io.signals import signals_held_back
from pybrain_runtime.activation import ActivationStream
from pybrain_runtime.engine.threads import checked_threads
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.results.prediction import FIRST_ROWS, PredictionWriter, Source
from pybrain_runtime.runs.checkpoint import CannotResume, Checkpoint, check_same
from pybrain_runtime.runs.parallel_map import parallel_map
from pybrain_runtime.runs.partial_output import PartialOutput
from pybrain_runtime.runs.records import Outcome, Progress, StreamOptions
from pybrain_runtime.runs.rejected_rows import RejectedRowsFile
from pybrain_runtime.tables.batch import Chunk, RowBatch
from pybrain_runtime.tables.decimal_marks import DecimalMarks

_MOST_THREADS = 6
"""More would wait for the one that reads, hashes and writes; and each takes memory for its part."""


_LONGEST_NOTED = 4096


class ProcessedChunk:
    """A part that has been answered and made into bytes, and how far the file had been read then."""

    __slots__ = ("content", "mark", "outputs", "part", "rows")

    def __init__(
        self,
        part: Chunk,
        mark: tuple[int, Sha256],
        rows: RowBatch,
        outputs: np.ndarray | None,
        content: bytes | memoryview,
    ) -> None:
        self.part = part
        self.mark = mark
        self.rows = rows
        self.outputs = outputs
        self.content = content


class FileRun:
    """One run from a file to a prediction, which may go on where another one broke off.

    Args:
        knowledge: the network.
        activation: the rows, not yet read.
        output: the prediction.
        options: how.
        started: when it began, in seconds since 1970.
        on_progress: is told after each part.
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
        self._answering = knowledge.begin(precision=options.precision, threads=1)
        remembered = sum(values.size for values in self._answering.memory[1])
        self._journal = Checkpoint(output, remembered + knowledge.indim + (1 + FIRST_ROWS) * knowledge.outdim)
        self._done = 0  # how far an earlier run had come, in the unit of the parts
        self._continued = 0
        self._given_up = False
        self._noted = time.monotonic()

    def run(self) -> Outcome:
        """Answers everything, and puts the prediction in its place."""
        opened: list[PartialOutput] = []
        try:
            with signals_held_back():
                table, rejects = self._opened()
                opened += [table, rejects.file] if rejects else [table]
            notes = self._earlier(table, rejects)
            with self._writer(table) as writer:
                if notes:
                    self._recall(notes, writer)
                return self._answer_all(writer, table, rejects, notes)
        except BaseException:
            for file in opened:
                file.discard()
            if opened and not self._options.resume:
                self._journal.remove()
            raise

    def _opened(self) -> tuple[PartialOutput, RejectedRowsFile | None]:
        """Opens what is written; where that fails, what an earlier run has left stays as it is."""
        table = PartialOutput(self._output, keep=True)
        rejects: RejectedRowsFile | None = None
        try:
            if self._options.skip:
                rejects = RejectedRowsFile(self._output, keep=True)
        except BaseException:
            table.leave()
            raise
        table.keep = self._options.resume
        if rejects:
            rejects.file.keep = self._options.resume
        return table, rejects

    # What is answered.

    def _answer_all(
        self,
        writer: PredictionWriter,
        table: PartialOutput,
        rejects: RejectedRowsFile | None,
        notes: dict[str, Any] | None,
    ) -> Outcome:
        def answered(work: tuple[Chunk, tuple[int, Sha256]]) -> ProcessedChunk:
            part, mark = work
            rows = self._activation.rows_of(part)
            if not len(rows.inputs):
                return ProcessedChunk(part, mark, rows, None, b"")
            outputs = self._answering.activate(rows.inputs)
            return ProcessedChunk(
                part, mark, rows, outputs, writer.encoded(rows.inputs, outputs, rows.targets)
            )

        for done in parallel_map(answered, self._parts(notes), self._threads()):
            rejected = self._activation.accept(done.rows)
            if rejects and rejected:
                rejects.write(rejected)
            if done.outputs is not None:
                writer.append(done.content, done.outputs, done.rows.targets)
            self._note(done, writer, table, rejects)
        return self._finish(writer, rejects)

    def _parts(self, notes: dict[str, Any] | None) -> Iterator[tuple[Chunk, tuple[int, Sha256]]]:
        """Yields the parts that are still to be answered, with how far the file has been read."""
        file = self._activation.file
        end = 0
        for part in self._activation.parts():
            end = part.end
            if end > self._done:
                yield part, file.mark()
            elif end == self._done and notes and file.mark()[1].hexdigest() != notes["read"]["sha256"]:
                raise self._other_input("its beginning has another content")
        if end < self._done:
            raise self._other_input("it is shorter")

    def _finish(self, writer: PredictionWriter, rejects: RejectedRowsFile | None) -> Outcome:
        activation = self._activation
        activation.finish()
        rejected_path = rejects.kept if rejects else ""
        kept = [rejects.file] if rejects and rejected_path else []
        for file in kept:
            file.finish()
        with signals_held_back():
            prediction = writer.commit(Source.of(activation, rejected_path), before=kept)
            self._journal.remove()
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
        )

    def _threads(self) -> int:
        """Rows of a recurrent network wait for one another; and without pyarrow, all waits for Python."""
        if self._answering.recurrent or not self._activation.fast:
            return 1
        return min(checked_threads(self._options.threads), _MOST_THREADS)

    # What is kept of a run that breaks off.

    def _note(
        self,
        done: ProcessedChunk,
        writer: PredictionWriter,
        table: PartialOutput,
        rejects: RejectedRowsFile | None,
    ) -> None:
        """Tells how far the run has come, and from time to time writes it down."""
        activation, (read, digest) = self._activation, done.mark
        if self._on_progress:
            share = activation.share(done.part, read)
            self._on_progress(
                Progress(activation.rows, activation.rejected, share, self._continued, activation.light)
            )
        if time.monotonic() - self._noted < self._options.checkpoint:
            return
        self._noted = time.monotonic()
        table.sync()  # the notes must not reach the disk before what they tell about
        if rejects:
            rejects.file.sync()
        steps, memory = self._answering.memory
        self._journal.write(
            {
                "run": self._identity(),
                "done": done.part.end,
                "read": {"bytes": read, "sha256": digest.hexdigest()},
                "activation": [
                    activation.rows,
                    activation.rejected,
                    activation.blank,
                    activation.marks.state,
                ],
                "prediction": writer.state,
                "table": _noted(table),
                "rejects": _noted(rejects.file) if rejects else None,
                "steps": steps,
                "memory": [values.tolist() for values in memory],
            }
        )

    def _earlier(self, table: PartialOutput, rejects: RejectedRowsFile | None) -> dict[str, Any] | None:
        """Returns the notes of a run that broke off, if it is to be continued and can be."""
        notes = self._journal.read() if self._options.resume else None
        if notes is None:
            table.begin_anew()
            if rejects:
                rejects.file.begin_anew()
            return None
        check_same(notes["run"], self._identity(), self._output)
        self._check_fits(notes)
        there = table.go_on(*notes["table"])
        if rejects and notes["rejects"]:
            there = rejects.file.go_on(*notes["rejects"]) and there
        if not there:  # somebody has changed it, or the disk has lost it
            self._given_up = True
            table.begin_anew()
            if rejects:
                rejects.file.begin_anew()
            return None
        return notes

    def _check_fits(self, notes: dict[str, Any]) -> None:
        """Makes sure that there are as many numbers in the notes as this network has use for."""
        first, rows = notes["prediction"]["first"], notes["activation"][0]
        found = [len(row) for row in first], [len(values) for values in notes["memory"]]
        remembered = [values.size for values in self._answering.memory[1]]
        if found != ([self._knowledge.outdim] * min(rows, FIRST_ROWS), remembered):
            raise self._journal.damaged()

    def _recall(self, notes: dict[str, Any], writer: PredictionWriter) -> None:
        rows, rejected, blank, marks = notes["activation"]
        self._activation.go_on(rows, rejected, tuple(blank) if blank else None, DecimalMarks(*marks))
        self._answering.recall(notes["steps"], notes["memory"])
        writer.recall(notes["prediction"])
        self._done = notes["done"]
        self._continued = rows

    def _identity(self) -> dict[str, Any]:
        """What must be the same for one run to continue another, in words that a message can use."""
        knowledge, activation, options = self._knowledge, self._activation, self._options
        columns = activation.columns
        return {
            "activation's size": activation.file.size,
            "activation's header": _short(",".join(activation.header)),
            "kind of activation": activation.kind,
            "choice of inputs": list(columns.inputs),
            "choice of expected outputs": list(columns.targets),
            "knowledge's SHA-256": knowledge.sha256,
            "card's SHA-256": knowledge.card.sha256 if knowledge.card else None,
            "scaling": knowledge.scaling,
            "precision": options.precision,
            "way with bad rows": "skip" if options.skip else "fail",
            "version of this program": __version__,
            "version of NumPy": np.__version__,
        }

    def _other_input(self, how: str) -> CannotResume:
        return CannotResume(
            f"The run that broke off while it wrote {base(self._output)} cannot be continued: "
            f"{self._activation.file.name} is not the file that it answered; {how}.",
            hint="Start without --resume to begin anew.",
        )


def _short(text: str) -> str:
    """Returns a text, or the beginning of a long one and its hash: the notes of a run are small."""
    if len(text) <= _LONGEST_NOTED:
        return text
    digest = Sha256()
    digest.update(text.encode("utf-8", "backslashreplace"))
    return f"{text[:_LONGEST_NOTED]}... (SHA-256 {digest.hexdigest()})"


def _noted(file: PartialOutput) -> tuple[int, str]:
    size, digest = file.mark()
    return size, digest.hexdigest()
