"""The prediction: what goes out, as ``prediction.csv`` and ``prediction.json``, both whole or not at all."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from pybrain_runtime import __version__
from pybrain_runtime._io.atomic_file import AtomicFile
from pybrain_runtime._io.atomic_group import commit_together
from pybrain_runtime._io.output_paths import check_outputs, check_report_target, report_path
from pybrain_runtime._io.paths import base
from pybrain_runtime._io.record import Record
from pybrain_runtime._io.signals import signals_held_back
from pybrain_runtime._io.temporary_files import remove_leftovers
from pybrain_runtime.activation import Activation, ActivationStream
from pybrain_runtime.errors import UsageError
from pybrain_runtime.knowledge import Knowledge, fill_names
from pybrain_runtime.results.metrics import ErrorMetrics, finite
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.formats.registry import open_row_writer

FIRST_ROWS = 5
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet computes instead of showing it."""


class Prediction(Record):
    """What was written.

    Attributes:
        path: the CSV file.
        report_path: the JSON file.
        rows: rows of the prediction.
        names: names of the outputs.
        first: the outputs of the first rows, shape (at most 5, outdim).
        classes: the class label of each of the first rows; empty where there are no classes.
        errors: mse, mae, max_abs and for classes accuracy; None where nothing was expected.
        report: the content of the JSON file.
        formulas: names of columns that a spreadsheet takes for formulas. The file has them as they were given.
        not_finite: how many rows have an answer that is NaN or infinite.
    """

    path: str
    report_path: str
    rows: int
    names: tuple[str, ...]
    first: np.ndarray
    classes: tuple[str, ...]
    errors: Mapping[str, float | int | None] | None
    report: Mapping[str, object]
    formulas: tuple[str, ...] = ()
    not_finite: int = 0

    def warning(self) -> str:
        """Returns a sentence about answers that are no numbers; nothing where all are."""
        if not self.not_finite:
            return ""
        rows = "1 row has an answer" if self.not_finite == 1 else f"{self.not_finite:,} rows have answers"
        return f"{rows} beyond the range of numbers (nan or inf); the report has their number."


class Source(Record, eq=True):
    """The activation file that a prediction answers, as the report names it.

    Attributes:
        file: its name.
        sha256: of its content.
        size: its bytes.
        columns: its columns.
        rejected: rows that were left out.
        rejected_file: where they are kept, with the reasons; empty where none were left out.
        layout: which columns are what; None where nobody said.
    """

    file: str
    sha256: str
    size: int
    columns: int
    rejected: int = 0
    rejected_file: str = ""
    layout: ColumnSelection | None = None

    @classmethod
    def of(cls, activation: ActivationStream, rejected_file: str = "") -> Source:
        """Returns the source of an activation that has been read to its end."""
        file, width = activation.file, activation.columns.width
        rejected, columns = (activation.rejected, base(rejected_file)), activation.columns
        return cls(file.name, file.sha256, file.bytes_read, width, *rejected, columns)


class PredictionWriter:
    """Writes rows as they come, then puts both files in their place. Use as a context manager.

    Without ``commit``, nothing stays behind.

    Args:
        path: the CSV file; the report stands beside it, with the ending ``.json``.
        knowledge: the network that answers.
        input_names: names of the input columns; empty takes those of the knowledge.
        expected: whether there will be targets.
        started: when the job began, in seconds since 1970; None is now.
        precision: what the answers were computed in, for the report.
        fast: whether pyarrow may write CSV.
        table: the file under construction, where it is one that goes on from an earlier run.
        activation: the rows that are being answered; ``commit`` then knows their source.
        stale_images: a sentence for each image that does not fit the checkout, for the report.

    Raises:
        CannotWrite: a file cannot be written there; the message has the reason.
        PartMissing: it is to be Parquet, and pyarrow is not installed.
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
        activation: ActivationStream | None = None,
        stale_images: tuple[str, ...] = (),
    ) -> None:
        self.path = os.fspath(path)
        self.report_path = report_path(self.path)
        # Some file systems do not tell .JSON from .json.
        if self.report_path.casefold() == self.path.casefold():
            raise UsageError(f"{self.path} is where the report goes; the prediction needs another ending.")
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
        self._figures = ErrorMetrics(classify)
        self._expected = expected
        self._precision = precision
        self._activation = activation
        self._stale_images = stale_images
        self._committed = False
        names = self._names(input_names)
        self._formulas = tuple(name for name in names if name.startswith(FORMULAS))
        self._format = open_row_writer(self.path, names, fast=fast)
        self._table = AtomicFile(self.path) if table is None else table
        if not self._table.bytes_written:
            self._table.write(self._format.head())

    def __enter__(self) -> PredictionWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._committed:
            self._table.discard()

    def write(self, inputs: np.ndarray, outputs: np.ndarray, targets: np.ndarray | None = None) -> None:
        """Appends rows: inputs (n, indim) as given in the file, outputs (n, outdim), targets (n, outdim)."""
        self.append(self.encoded(inputs, outputs, targets), outputs, targets)

    def encoded(
        self, inputs: np.ndarray, outputs: np.ndarray, targets: np.ndarray | None = None
    ) -> bytes | memoryview:
        """Returns rows as they are written; several threads may ask.

        Raises:
            UsageError: the arrays do not have the shapes that the columns of the file need.
        """
        self._check_shapes(inputs, outputs, targets)
        parts = [inputs, outputs]
        if self._expected:
            assert targets is not None
            with np.errstate(all="ignore"):
                pairs = np.stack([targets, outputs - targets], axis=2)
            parts.append(pairs.reshape(len(outputs), -1))
        return self._format.rows(parts)

    def _check_shapes(self, inputs: np.ndarray, outputs: np.ndarray, targets: np.ndarray | None) -> None:
        rows, indim, outdim = len(inputs), self._knowledge.indim, self._knowledge.outdim
        wanted = [("inputs", inputs, indim), ("outputs", outputs, outdim)]
        if self._expected:
            wanted.append(("targets", np.empty(0) if targets is None else targets, outdim))
        for what, array, width in wanted:
            if array.shape != (rows, width):
                raise UsageError(
                    f"The {what} of a prediction have the shape {array.shape}; {(rows, width)} was expected.",
                    hint="Give one row for each row of the activation, as Knowledge.activate returns it.",
                )

    def append(
        self, content: bytes | memoryview, outputs: np.ndarray, targets: np.ndarray | None = None
    ) -> None:
        """Appends rows that have been encoded."""
        if self._expected:
            assert targets is not None
            self._figures.add(outputs, targets)
        if self.rows < FIRST_ROWS:
            self._first.append(np.array(outputs[: FIRST_ROWS - self.rows]))
        self.rows += len(outputs)
        self._not_finite += len(outputs) - int(np.isfinite(outputs).all(axis=1).sum())
        self._table.write(content)

    @property
    def state(self) -> dict[str, Any]:
        """What has been written, to go on with in another run."""
        first = [row for rows in self._first for row in rows.tolist()]
        return {
            "rows": self.rows,
            "first": first,
            "figures": self._figures.state,
            "not_finite": self._not_finite,
        }

    def recall(self, state: Mapping[str, Any]) -> None:
        """Goes on from the state of another run."""
        self.rows, self._not_finite = state["rows"], state["not_finite"]
        self._first = [np.array(row)[None, :] for row in state["first"]]
        self._figures.recall(state["figures"])

    def commit(self, source: Source | None = None, *, before: Sequence[AtomicFile] = ()) -> Prediction:
        """Finishes both files and gives them their names: the table first, the report last.

        Args:
            source: what was answered; None where the activation is known.
            before: finished files that get their names together with these, before them.
        """
        if source is None:
            assert self._activation is not None
            source = Source.of(self._activation)
        rows = self._table
        rows.finish()
        self._table = self._format.finished(rows)
        first = np.concatenate(self._first) if self._first else np.empty((0, self._knowledge.outdim))
        report = self._report(source, first)
        with signals_held_back():
            self._put_in_place(report, before)
            rows.discard_partial()  # where it did not get the name itself
        return Prediction(
            path=self.path,
            report_path=self.report_path,
            rows=self.rows,
            names=self._knowledge.output_names,
            first=first,
            classes=tuple(self._knowledge.classes(first)),
            errors=self._figures.result(),
            report=report,
            formulas=self._formulas,
            not_finite=self._not_finite,
        )

    def _put_in_place(self, report: Mapping[str, object], before: Sequence[AtomicFile]) -> None:
        document = None
        try:
            document = AtomicFile(self.report_path)
            text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
            # A file name need not be UTF-8; its odd bytes become escapes that JSON knows.
            document.write(text.encode("utf-8", "backslashreplace"))
            document.finish()
            check_report_target(self.report_path)
            commit_together([*before, self._table, document], withdraw=self.report_path)
            self._committed = True
        except BaseException:
            self._table.discard()
            if document is not None:
                document.discard()
            raise

    def _names(self, input_names: tuple[str, ...]) -> list[str]:
        known = self._knowledge.input_names
        names = list(fill_names(input_names or known, known))
        others = [*self._knowledge.output_names]
        if self._expected:
            others += _compared(others)
        return [*_apart(names, others), *others]

    def _report(self, source: Source, first: np.ndarray) -> dict[str, object]:
        knowledge, now = self._knowledge, time.time()
        unused = knowledge.unused_scaling
        return {
            "status": "done",
            **({"stale_images": list(self._stale_images)} if self._stale_images else {}),
            "knowledge": {
                "file": knowledge.name,
                "name": knowledge.card.name if knowledge.card else "",
                "sha256": knowledge.sha256,
                "size": knowledge.size,
                "network": knowledge.kind,
                "indim": knowledge.indim,
                "outdim": knowledge.outdim,
                "parameters": knowledge.parameter_count,
                "card_sha256": (knowledge.card.sha256 or None) if knowledge.card else None,
            },
            "scaling": knowledge.scaling,
            "scaling_not_used": unused.as_report() if unused else None,
            "activation": {
                "file": source.file,
                "sha256": source.sha256,
                "size": source.size,
                "rows": self.rows,
                "columns": source.columns,
                "columns_used": source.layout.as_report() if source.layout else None,
                "rejected": source.rejected,
                "rejected_file": source.rejected_file or None,
            },
            "prediction": {
                "file": base(self.path),
                "sha256": self._table.sha256,
                "size": self._table.bytes_written,
                "rows": self.rows,
                "precision": self._precision,
                "outputs": list(knowledge.output_names),
                "first": [[finite(value) for value in row] for row in first.tolist()],
                "classes": knowledge.classes(first),
                "not_finite": self._not_finite,
            },
            "errors": self._figures.result(),
            **({"formulas": list(self._formulas)} if self._formulas else {}),
            "versions": {"app07": __version__, "python": sys.version.split()[0], "numpy": np.__version__},
            "started": _utc(self._started),
            "duration_s": round(max(0.0, now - self._started), 6),
        }


def open_prediction(
    path: str | os.PathLike[str],
    knowledge: Knowledge,
    activation: ActivationStream,
    *,
    started: float | None = None,
    stale_images: tuple[str, ...] = (),
) -> PredictionWriter:
    """Begins to write the answers to an activation that is read part by part. Use as a context manager.

    Args:
        path: the file; ``.parquet`` and ``.jsonl`` decide what it becomes, anything else is CSV.
        knowledge: the network that answers.
        activation: the rows.
        started: when the job began, in seconds since 1970; None is now.
        stale_images: a sentence for each image that does not fit the checkout, for the report.

    Raises:
        CannotWrite: it cannot be written there.
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
    )


def write_prediction(
    path: str | os.PathLike[str],
    knowledge: Knowledge,
    activation: Activation,
    outputs: np.ndarray,
    *,
    started: float | None = None,
) -> Prediction:
    """Writes the answers to an activation as CSV, and a report of the run beside it as JSON.

    The CSV has the input columns as given, one column per output, and where targets came, ``expected`` and
    ``error`` (prediction - expected) for each output. Numbers are written so that reading them gives the
    same float64 again.

    Args:
        path: the CSV file; its folder must exist.
        knowledge: the network that answered.
        activation: the rows that were answered.
        outputs: the answers, shape (rows, outdim).
        started: when the job began, in seconds since 1970; None is now.

    Raises:
        CannotWrite: it cannot be written there; neither file is left half.
        UsageError: one of the files would be written over one that is read, or have the name of a card.
    """
    check_outputs((os.fspath(path), report_path(os.fspath(path))), [activation.path])
    source = Source(
        activation.name, activation.sha256, activation.size, activation.columns, layout=activation.layout
    )
    with PredictionWriter(
        path,
        knowledge,
        input_names=activation.input_names,
        expected=activation.targets is not None,
        started=started,
    ) as writer:
        writer.write(activation.inputs, outputs, activation.targets)
        return writer.commit(source)


def _is_classification(knowledge: Knowledge) -> bool:
    return knowledge.card is not None and knowledge.card.task == "classification"


def _apart(names: list[str], others: list[str]) -> list[str]:
    """Returns names of inputs that no other column has: ``prediction`` becomes ``input_prediction``."""
    taken = {*names, *others}
    apart = []
    for name in names:
        if name in others:
            while name in taken:
                name = f"input_{name}"
            taken.add(name)
        apart.append(name)
    return apart


def _compared(outputs: Sequence[str]) -> list[str]:
    """Returns names for the expected value and the error of each output.

    They are ``expected`` and ``error`` with the output's name, or its number, or nothing. Where an output has such a
    name itself, ``compared_`` stands before all of them.
    """
    names = _pairs("", [f"_{name}".removeprefix("_prediction") for name in outputs])
    before = ""
    while len({*names, *outputs}) != len(names) + len(outputs):
        before += "compared_"
        names = _pairs(before, [f"_{name}" for name in outputs])
    return names


def _pairs(before: str, suffixes: Sequence[str]) -> list[str]:
    return [f"{before}{kind}{suffix}" for suffix in suffixes for kind in ("expected", "error")]


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"
