"""Writes a prediction and its report, both completely or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from pybrain_runtime.errors import UsageError
from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.io.atomic_group import commit_together
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.io.output_paths import check_outputs
from pybrain_runtime.io.paths import base
from pybrain_runtime.io.record import Protocol
from pybrain_runtime.io.report_files import check_report_target, report_path
from pybrain_runtime.io.signals import signals_held_back
from pybrain_runtime.io.temporary_files import remove_leftovers
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.results.column_names import prediction_columns
from pybrain_runtime.results.metrics import ErrorMetrics, finite
from pybrain_runtime.results.prediction import Prediction
from pybrain_runtime.results.report import run_report, write_report
from pybrain_runtime.tables.activation import Activation, Source
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.formats.registry import open_row_writer
from pybrain_runtime.tables.text_column import Part, TextColumn

FIRST_ROWS = 5
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""The first characters of cells that a spreadsheet evaluates as formulas."""


class StreamedActivation(Protocol):
    """The parts of ``ActivationStream`` that a prediction needs."""

    file: InputFile
    columns: ColumnSelection
    fast: bool

    @property
    def input_names(self) -> tuple[str, ...]:
        """The header's names of the inputs; empty if there is no header."""

    @property
    def kept_names(self) -> tuple[str, ...]:
        """The header's names of the columns that are passed through."""

    def source(self, rejected_file: str = "") -> Source:
        """Return the description of the file for the report."""


class PredictionWriter:
    """Writes rows as they arrive, then commits the prediction and its report. Use as a context manager.

    Without ``commit``, no file is left.

    Args:
        path: the file with the rows; the report is written beside it, with the extension ``.json``.
        knowledge: the network.
        input_names: names of the input columns; empty takes those of the network.
        expected: whether there are targets.
        started: when the run started, in seconds since 1970; None for now.
        precision: ``float64`` or ``float32``, for the report.
        fast: whether pyarrow may be used to write CSV.
        table: a partial output to continue; None begins a new file.
        activation: the rows being read; if given, ``commit`` needs no source.
        kept: names of the columns that are passed through.
        expected_class: whether the expected class of each row is given.
        decimal_comma: whether CSV is written with semicolons and decimal commas.
        stale_images: a warning for each container image that does not match the checkout, for the report.

    Raises:
        CannotWrite: a file cannot be written; the message has the reason.
        MissingPackage: the format needs pyarrow, which is not installed.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        knowledge: Knowledge,
        *,
        input_names: tuple[str, ...] = (),
        expected: bool = False,
        started: float | None = None,
        precision: str = "float64",
        fast: bool = False,
        table: AtomicFile | None = None,
        activation: StreamedActivation | None = None,
        stale_images: tuple[str, ...] = (),
        kept: Sequence[str] = (),
        expected_class: bool = False,
        decimal_comma: bool = False,
    ) -> None:
        self.path = os.fspath(path)
        self.report_path = report_path(self.path)
        # Some file systems do not distinguish .JSON and .json.
        if self.report_path.casefold() == self.path.casefold():
            raise UsageError(f"{self.path} is the path of the report; choose another extension.")
        read = [knowledge.path, knowledge.card_path, *([activation.file.path] if activation else [])]
        check_outputs((self.path, self.report_path), read)
        check_report_target(self.report_path)
        remove_leftovers(self.path, self.report_path)
        self.rows = 0
        self._not_finite = 0
        self._knowledge = knowledge
        self._started = time.time() if started is None else started
        self._first: list[np.ndarray] = []
        classify = knowledge.outdim > 1 and (bool(knowledge.labels) or _is_classification(knowledge))
        self._metrics = ErrorMetrics(classify)
        self._expected = expected
        self._precision = precision
        self._activation = activation
        self._stale_images = stale_images
        self._committed = False
        columns = prediction_columns(
            knowledge, input_names, expected=expected, kept=kept, expected_class=expected_class
        )
        self._kept = len(kept)
        self._expected_class = expected_class
        self._classes = (*knowledge.labels, "")  # a row with NaN has no class
        self._formulas = tuple(filter(_is_formula, (*columns.names, *knowledge.labels)))
        self._formula_cells = 0
        self._writer = open_row_writer(
            self.path, columns.names, columns.texts, fast=fast, decimal_comma=decimal_comma
        )
        self._table = AtomicFile(self.path) if table is None else table
        if not self._table.bytes_written:
            self._table.write(self._writer.head())

    def __enter__(self) -> PredictionWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._committed:
            self._table.discard()

    def write(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        targets: np.ndarray | None = None,
        *,
        labels: np.ndarray | None = None,
        kept: Sequence[TextColumn] = (),
    ) -> None:
        """Append rows.

        Args:
            inputs: shape (n, indim), as given in the file.
            outputs: shape (n, outdim).
            targets: shape (n, outdim); None without expected outputs.
            labels: expected class index of each row, shape (n,); None without classes.
            kept: the columns that are passed through.

        Raises:
            UsageError: an array has the wrong shape, or the text columns are not those of the prediction.
        """
        content = self.encode(inputs, outputs, targets, labels=labels, kept=kept)
        self.append(content, outputs, targets, labels=labels, kept=kept)

    def encode(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        targets: np.ndarray | None = None,
        *,
        labels: np.ndarray | None = None,
        kept: Sequence[TextColumn] = (),
    ) -> bytes | memoryview:
        """Return rows in the format of the file. Safe to call from several threads.

        Args:
            inputs: shape (n, indim), as given in the file.
            outputs: shape (n, outdim).
            targets: shape (n, outdim); None without expected outputs.
            labels: expected class index of each row, shape (n,); None without classes.
            kept: the columns that are passed through.

        Raises:
            UsageError: an array has the wrong shape.
        """
        self._check_shapes(inputs, outputs, targets)
        if len(kept) != self._kept or (labels is None) == self._expected_class:
            raise UsageError("The text columns are not those that the prediction was opened with.")
        parts: list[Part] = [*kept, inputs, outputs]
        if self._knowledge.labels:
            parts.append(TextColumn(self._classes, self._predicted_places(outputs)))
        if labels is not None:
            parts.append(TextColumn(self._classes, labels))
        if self._expected:
            assert targets is not None
            with np.errstate(all="ignore"):
                pairs = np.stack([targets, outputs - targets], axis=2)
            parts.append(pairs.reshape(len(outputs), -1))
        return self._writer.encode(parts)

    def _predicted_places(self, outputs: np.ndarray) -> np.ndarray:
        """Return the predicted class index of each row, shape (n,); the last one for a row with NaN."""
        places = self._knowledge.class_places(outputs)
        unknown = np.isnan(outputs).any(axis=1)
        if unknown.any():
            places[unknown] = len(self._classes) - 1
        return places

    def _check_shapes(self, inputs: np.ndarray, outputs: np.ndarray, targets: np.ndarray | None) -> None:
        rows, indim, outdim = len(inputs), self._knowledge.indim, self._knowledge.outdim
        wanted = [("inputs", inputs, indim), ("outputs", outputs, outdim)]
        if self._expected:
            wanted.append(("targets", np.empty(0) if targets is None else targets, outdim))
        for what, array, width in wanted:
            if array.shape != (rows, width):
                raise UsageError(
                    f"The {what} of a prediction must have the shape {(rows, width)}, got {array.shape}.",
                    hint="Pass one row for each row of the activation, as Knowledge.activate returns it.",
                )

    def append(
        self,
        content: bytes | memoryview,
        outputs: np.ndarray,
        targets: np.ndarray | None = None,
        *,
        labels: np.ndarray | None = None,
        kept: Sequence[TextColumn] = (),
    ) -> None:
        """Append encoded rows.

        Args:
            content: the rows, as ``encode`` returned them.
            outputs: shape (n, outdim).
            targets: shape (n, outdim); None without expected outputs.
            labels: expected class index of each row, shape (n,); None without classes.
            kept: the columns that are passed through.
        """
        self._formula_cells += sum(column.count(_is_formula) for column in kept)
        if self._expected:
            assert targets is not None
            self._metrics.add(outputs, targets)
        if labels is not None:
            self._metrics.add_classes(self._predicted_places(outputs), labels)
        if self.rows < FIRST_ROWS:
            self._first.append(np.array(outputs[: FIRST_ROWS - self.rows]))
        self.rows += len(outputs)
        self._not_finite += len(outputs) - int(np.isfinite(outputs).all(axis=1).sum())
        self._table.write(content)

    @property
    def state(self) -> dict[str, Any]:
        """The state of what has been written so far, for checkpoints."""
        first = [row for rows in self._first for row in rows.tolist()]
        return {
            "rows": self.rows,
            "first": first,
            "metrics": self._metrics.state,
            "not_finite": self._not_finite,
            "formula_cells": self._formula_cells,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore the state of an earlier run."""
        self.rows, self._not_finite = state["rows"], state["not_finite"]
        self._formula_cells = state["formula_cells"]
        self._first = [np.array(row)[None, :] for row in state["first"]]
        self._metrics.restore(state["metrics"])

    def commit(
        self, source: Source | None = None, *, before: Sequence[AtomicFile] = (), computed: str = ""
    ) -> Prediction:
        """Finish both files and rename them to their names: the rows first, the report last.

        Args:
            source: the activation file; if None, that of the ``activation`` given to the constructor.
            before: finished files that are renamed together with these, before them.
            computed: where the rows were computed, for the report; empty if only the CPU was requested.

        Raises:
            CannotWrite: a file cannot be written; none is left.
        """
        if source is None:
            assert self._activation is not None
            source = self._activation.source()
        staged = self._table
        staged.finish()
        self._table = self._writer.finalize(staged)
        first = np.concatenate(self._first) if self._first else np.empty((0, self._knowledge.outdim))
        report = self._report(source, first, computed)
        with signals_held_back():
            self._commit_files(report, before)
            staged.discard_partial()  # if it is not the committed file itself
        return Prediction(
            path=self.path,
            report_path=self.report_path,
            rows=self.rows,
            names=self._knowledge.output_names,
            first=first,
            classes=tuple(self._knowledge.classes(first)),
            errors=self._metrics.result(),
            report=report,
            formulas=self._formulas,
            formula_cells=self._formula_cells,
            not_finite=self._not_finite,
        )

    def _commit_files(self, report: Mapping[str, object], before: Sequence[AtomicFile]) -> None:
        document = None
        try:
            document = AtomicFile(self.report_path)
            write_report(document, report)
            check_report_target(self.report_path)
            commit_together([*before, self._table, document], withdraw=self.report_path)
            self._committed = True
        except BaseException:
            self._table.discard()
            if document is not None:
                document.discard()
            raise

    def _report(self, source: Source, first: np.ndarray, computed: str) -> dict[str, object]:
        knowledge = self._knowledge
        prediction = {
            "file": base(self.path),
            "sha256": self._table.sha256,
            "size": self._table.bytes_written,
            "rows": self.rows,
            "precision": self._precision,
            **({"computed": computed} if computed else {}),
            "outputs": list(knowledge.output_names),
            "first": [[finite(value) for value in row] for row in first.tolist()],
            "classes": knowledge.classes(first),
            "not_finite": self._not_finite,
        }
        return run_report(
            knowledge,
            source,
            prediction,
            rows=self.rows,
            errors=self._metrics.result(),
            formulas=self._formulas,
            formula_cells=self._formula_cells,
            stale_images=self._stale_images,
            started=self._started,
        )


def open_prediction(
    path: str | os.PathLike[str],
    knowledge: Knowledge,
    activation: StreamedActivation,
    *,
    started: float | None = None,
    stale_images: tuple[str, ...] = (),
) -> PredictionWriter:
    """Begin the prediction of an activation that is read chunk by chunk. Use as a context manager.

    Args:
        path: the file; ``.parquet`` and ``.jsonl`` select these formats, any other extension is CSV.
        knowledge: the network.
        activation: the rows, an ``ActivationStream``.
        started: when the run started, in seconds since 1970; None for now.
        stale_images: a warning for each container image that does not match the checkout, for the report.

    Raises:
        CannotWrite: the file cannot be written.
    """
    return PredictionWriter(
        path,
        knowledge,
        input_names=activation.input_names,
        expected=bool(activation.columns.targets),
        started=started,
        fast=activation.fast,
        activation=activation,
        stale_images=stale_images,
        kept=activation.kept_names,
        expected_class=activation.columns.label is not None,
    )


def write_prediction(
    path: str | os.PathLike[str],
    knowledge: Knowledge,
    activation: Activation,
    outputs: np.ndarray,
    *,
    started: float | None = None,
) -> Prediction:
    """Write the prediction of an activation, and a JSON report of the run beside it.

    The file has the input columns as given, a column per output, and, if there are targets, ``expected`` and
    ``error`` (prediction - expected) for each output. Numbers read back as the same float64.

    Args:
        path: the file; its folder must exist.
        knowledge: the network.
        activation: the rows.
        outputs: shape (rows, outdim), as ``Knowledge.activate`` returns them.
        started: when the run started, in seconds since 1970; None for now.

    Raises:
        CannotWrite: a file cannot be written; none is left.
        UsageError: one of the files would overwrite an input, or has the name of a model card.
    """
    check_outputs((os.fspath(path), report_path(os.fspath(path))), [activation.path])
    with PredictionWriter(
        path,
        knowledge,
        input_names=activation.input_names,
        expected=activation.targets is not None,
        started=started,
    ) as writer:
        writer.write(activation.inputs, outputs, activation.targets)
        return writer.commit(activation.source)


def _is_formula(text: str) -> bool:
    """Return whether a spreadsheet would evaluate a string as a formula; a number such as -1 is not a formula."""
    if not text.startswith(FORMULAS):
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False


def _is_classification(knowledge: Knowledge) -> bool:
    return knowledge.card is not None and knowledge.card.task == "classification"
