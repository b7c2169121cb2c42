"""What training can do: create knowledge, refine it, and evaluate it on rows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pybrain_runtime import Knowledge, load_knowledge
from pybrain_runtime._io.locks import lock
from pybrain_runtime._io.open_flags import WRITE_OR_RESUME
from pybrain_runtime._io.sha256 import Sha256
from pybrain_runtime.convert.pickled import pickled
from pybrain_runtime.errors import CannotWrite, LimitExceeded, MissingPackage
from pybrain_runtime.knowledge import read_network
from training.errors import Busy, Diverged
from training.evaluation import classes_of, metrics_of, predictions, rows_for
from training.fitting.checkpoint import Checkpoint
from training.fitting.fit import INTERRUPTED, EpochErrors, Fit, Limits
from training.metrics import Metrics, confusion_matrix
from training.options import EVALUATE, TrainingOptions
from training.plan import Plan, plan_create, plan_refine
from training.recording import Recording
from training.results.card import card_content
from training.results.figures import Confusion, Curve, Residuals
from training.results.folder import (
    CARD,
    CHECKPOINT,
    HISTORY,
    KNOWLEDGE,
    LOCK,
    METRICS,
    REPORT,
    SCORE,
    Addition,
    ResultFolder,
    history_bytes,
    json_bytes,
)
from training.results.plots import draw
from training.results.report import report_html
from training.rows.reading import read_table
from training.trainers.base import TrainerOptions
from training.trainers.registry import KINDS, make_trainer

_PATIENCE = 5.0
"""Seconds to wait for another training: one whose command was killed ends soon, but not at once."""


class Observer(Protocol):
    """Is told about the progress of a training."""

    def planned(self, plan: Plan) -> None:
        """Show what is known before the first epoch."""

    def epoch(self, errors: EpochErrors, fit: Fit) -> None:
        """Show the errors of an epoch."""

    def note(self, text: str) -> None:
        """Show a note."""

    def stop_requested(self) -> bool:
        """Return whether training is to stop after the current epoch."""


@dataclass(frozen=True)
class Outcome:
    """A training that has ended.

    Attributes:
        plan: the training.
        folder: the folder of the results.
        fitted: how it ended: epochs, best epoch, reason, whether it was interrupted.
        metrics: the metrics of each part of the split.
        files: the names of the files in the folder.
    """

    plan: Plan
    folder: str
    fitted: dict[str, object]
    metrics: dict[str, object]
    files: tuple[str, ...]

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before its end."""
        return self.fitted["reason"] == INTERRUPTED


def create(options: TrainingOptions, observer: Observer) -> Outcome:
    """Train a new network.

    Args:
        options: the options.
        observer: is told about the progress.

    Raises:
        PipelineError: nothing was written.
    """
    return _train(options, observer, plan_create)


def refine(options: TrainingOptions, observer: Observer) -> Outcome:
    """Train existing knowledge further. Its file is only read.

    Args:
        options: the options.
        observer: is told about the progress.

    Raises:
        PipelineError: nothing was written.
    """
    return _train(options, observer, plan_refine)


def evaluate(options: TrainingOptions) -> Metrics:
    """Return the metrics of knowledge on rows; write them as well if the options name a folder.

    Raises:
        PipelineError: the rows do not match the knowledge, or the metrics cannot be written.
    """
    knowledge = load_knowledge(options.model)
    table = read_table(options.data)
    rows = rows_for(knowledge, table, options)
    metrics: Metrics = {
        "scenario": EVALUATE,
        "task": rows.task,
        "labels": list(rows.labels),
        "targets": list(rows.targets),
        "knowledge": {"file": knowledge.name, "sha256": knowledge.sha256},
        "rows": {"file": table.name, "sha256": table.sha256, "count": len(table)},
        "metrics": metrics_of(knowledge, rows, np.arange(len(table))),
    }
    if options.out:
        folder = ResultFolder(options.out)
        folder.prepare((SCORE,))
        folder.write_one(SCORE, json_bytes(metrics))
    return metrics


def _train(options: TrainingOptions, observer: Observer, make: Callable[[TrainingOptions], Plan]) -> Outcome:
    plan = make(options)
    folder = ResultFolder(options.out)
    folder.check_inputs(options.data, options.model)
    folder.prepare()
    _check_size(plan)
    with exclusive(folder):
        folder.make_sure_it_is_writable()
        fit = make_fit(plan)
        checkpoint = Checkpoint(folder.file(CHECKPOINT), plan.identity())
        if options.resume:
            if checkpoint.restore(fit):
                observer.note(f"Continuing after epoch {fit.state.epoch:,}.")
            else:
                observer.note("There is no checkpoint; training begins with the first epoch.")
        else:
            checkpoint.remove()
        observer.planned(plan)
        with Recording(plan, fit, observer.note) as recording:
            try:
                reason = fit.run(after_epoch(checkpoint, observer, recording), observer.stop_requested)
            except Diverged:
                checkpoint.remove()
                raise
            outcome = write_results(plan, fit, reason, folder, observer)
            recording.results(outcome.files, outcome.metrics, outcome.fitted)
            if not outcome.interrupted:
                checkpoint.remove()
        return outcome


def make_fit(plan: Plan) -> Fit:
    """Return the training of a plan, before its first epoch."""
    options, train = plan.options, plan.split.train
    size = options.batch_size
    if options.batch and "batch_size" in KINDS[options.trainer].options:  # the others always take all rows
        size = max(2, len(train))
    trainer = make_trainer(
        options.trainer,
        plan.network,
        plan.inputs[train],
        plan.targets[train],
        TrainerOptions(options.learning_rate, options.momentum, options.weight_decay, size, options.shuffle),
        options.seed,
    )
    limits = Limits(options.epochs, options.patience)
    measured = plan.measured
    return Fit(
        plan.network, trainer, plan.inputs[measured], plan.targets[measured], limits, options.learning_rate
    )


def after_epoch(
    checkpoint: Checkpoint, observer: Observer, recording: Recording | None = None
) -> Callable[[Fit], None]:
    """Return what is called after each epoch: it shows and records the errors and writes a checkpoint.

    Args:
        checkpoint: the checkpoint of the run.
        observer: is told the errors.
        recording: records the errors; None for no record.
    """

    def after(fit: Fit) -> None:
        errors = fit.state.history[-1]
        observer.epoch(errors, fit)
        if recording is not None:
            recording.epoch(errors)
        if observer.stop_requested():
            checkpoint.write(fit)
        else:
            checkpoint.after_epoch(fit)

    return after


def write_results(
    plan: Plan, fit: Fit, reason: str, folder: ResultFolder, observer: Observer, also: Addition | None = None
) -> Outcome:
    """Write all results of a training, together or not at all.

    Args:
        plan: the training.
        fit: with the best parameters set.
        reason: why it ended.
        folder: where the results go.
        observer: is told if no plots can be drawn.
        also: what is written with them.

    Raises:
        CannotWrite: a file cannot be written; the earlier results are kept.
    """
    also = also or Addition()
    content = pickled(plan.network)
    knowledge = _knowledge(plan, content)
    metrics: dict[str, object] = {
        name: metrics_of(knowledge, plan.rows, indices) for name, indices in plan.split.parts()
    }
    fitted: dict[str, object] = {
        "epochs": fit.state.epoch,
        "best_epoch": fit.state.best_epoch,
        "best_validation_error": fit.state.best_error,
        "reason": reason,
        "interrupted": reason == INTERRUPTED,
    }
    about = {"task": plan.rows.task, "labels": list(plan.rows.labels), "targets": list(plan.rows.targets)}
    files = {
        KNOWLEDGE: content,
        CARD: json_bytes(card_content(plan, fitted, metrics)),
        METRICS: json_bytes({**about, **metrics, "fit": fitted}),
        HISTORY: history_bytes(fit.state.history),
    }
    plots = _plots(plan, fit, knowledge, metrics, observer)
    files |= {**plots, REPORT: report_html(plan, fitted, metrics, plots, also.section), **also.files}
    folder.write(files)
    return Outcome(plan, folder.path, fitted, metrics, tuple(files))


def _plots(
    plan: Plan, fit: Fit, knowledge: Knowledge, metrics: Mapping[str, object], observer: Observer
) -> dict[str, bytes]:
    if not plan.options.plots:
        return {}
    measured = "validation" if len(plan.split.validation) else "train"
    curve = Curve(fit.state.history, fit.state.best_epoch, measured)
    part, indices = list(plan.split.parts())[-1]
    expected, outputs = plan.rows.expected[indices], predictions(knowledge, plan.rows.inputs[indices])
    result: Confusion | Residuals = Residuals(plan.rows.targets, expected, outputs, part)
    if plan.rows.labels:
        counts = confusion_matrix(plan.rows.classes[indices], classes_of(outputs), len(plan.rows.labels))
        result = Confusion(plan.rows.labels, counts, part)
    try:
        return draw(curve, result)
    except MissingPackage as error:
        observer.note(f"{error.message} No plots were drawn. {error.hint}")
        return {}


def _check_size(plan: Plan) -> None:
    """Check before the first epoch that the file of the network will not be too large to be read.

    Raises:
        LimitExceeded: it would be.
    """
    try:
        _knowledge(plan, pickled(plan.network))
    except LimitExceeded as error:
        raise LimitExceeded(
            f"The network is too large to be read from its file: {error.message}",
            hint="Choose fewer hidden layers.", limit=error.limit,
        ) from None  # fmt: skip


def _knowledge(plan: Plan, content: bytes) -> Knowledge:
    """Return the knowledge as it will be read from its file, so that metrics are those of later predictions."""
    digest = Sha256()
    digest.update(content)
    found = read_network(content, KNOWLEDGE)
    return Knowledge(
        path=KNOWLEDGE, sha256=digest.hexdigest(), size=len(content), network=found.network, card=plan.card
    )


@contextmanager
def exclusive(folder: ResultFolder) -> Iterator[None]:
    """Hold the lock of a folder.

    Raises:
        Busy: another training holds it.
        CannotWrite: the lock file cannot be opened.
    """
    path = folder.file(LOCK)
    try:
        descriptor = os.open(path, WRITE_OR_RESUME, 0o644)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CannotWrite(f"{path} cannot be opened: {reason}.", path=path, errno=error.errno) from None
    try:
        deadline = time.monotonic() + _PATIENCE
        while lock(descriptor) is False:
            if time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            raise Busy(
                f"Another training writes to {folder.path}.",
                hint="Wait for its end.",
            )
        yield
    finally:
        os.close(descriptor)
