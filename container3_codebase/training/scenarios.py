"""The scenarios of training: create knowledge, refine it, and evaluate it on rows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from pybrain_runtime import load_knowledge
from pybrain_runtime.convert.pickled import pickled
from pybrain_runtime.errors import CannotWrite, LimitExceeded
from pybrain_runtime.io.locks import lock
from pybrain_runtime.io.open_flags import WRITE_OR_RESUME
from training.errors import Busy, Diverged
from training.evaluation import metrics_of, rows_for
from training.fitting.checkpoint import Checkpoint
from training.fitting.fit import INTERRUPTED, Array, Fit
from training.metrics import Metrics
from training.observer import Observer, after_epoch
from training.options import EVALUATE, TrainingOptions
from training.outcome import Outcome, Refitted, knowledge_of, write_results
from training.plan import Plan, plan_create, plan_refine
from training.plan_fit import make_fit
from training.recording import Recording
from training.refitting import refit_checkpoint, run_refit, wants_refit
from training.results.folder import (
    CHECKPOINT,
    LOCK,
    SCORE,
    ResultFolder,
    json_bytes,
)
from training.rows.reading import read_table

_PATIENCE = 5.0
"""Seconds to wait for another run: one whose command was killed ends soon, but not immediately."""


def create(options: TrainingOptions, observer: Observer) -> Outcome:
    """Train a new network.

    Args:
        options: the options.
        observer: the observer of the progress.

    Raises:
        PipelineError: nothing was written.
    """
    return _train(options, observer, plan_create)


def refine(options: TrainingOptions, observer: Observer) -> Outcome:
    """Train existing knowledge further, without changing its file.

    Args:
        options: the options.
        observer: the observer of the progress.

    Raises:
        PipelineError: nothing was written.
    """
    return _train(options, observer, plan_refine)


def evaluate(options: TrainingOptions) -> Metrics:
    """Compute the metrics of knowledge on rows, and write them if the options specify a folder.

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
        initial, fit = np.array(plan.network.params), make_fit(plan)
        checkpoint = Checkpoint(folder.file(CHECKPOINT), plan.identity())
        if options.resume:
            if checkpoint.restore(fit):
                observer.note(f"Continuing after epoch {fit.state.epoch:,}.")
            else:
                observer.note("There is no checkpoint; training starts with the first epoch.")
        else:
            checkpoint.remove()
            refit_checkpoint(plan, folder).remove()
        observer.planned(plan)
        with Recording(plan, fit, observer.note) as recording:
            try:
                reason = fit.run(after_epoch(checkpoint, observer, recording), observer.stop_requested)
            except Diverged:
                checkpoint.remove()
                raise
            refitted = None
            if wants_refit(plan, fit, reason):
                checkpoint.write(fit)
                refitted, reason = _refitted(plan, fit, reason, initial, folder, observer)
            outcome = write_results(plan, fit, reason, folder, observer, refitted=refitted)
            recording.results(outcome.files, outcome.metrics, outcome.fitted)
            if not outcome.interrupted:
                checkpoint.remove()
                refit_checkpoint(plan, folder).remove()
        return outcome


def _refitted(
    plan: Plan, fit: Fit, reason: str, initial: Array, folder: ResultFolder, observer: Observer
) -> tuple[Refitted | None, str]:
    """Run the refit; return it (None if the early-stopped network remains the result) and the reason for the end."""
    before = knowledge_of(plan, pickled(plan.network))
    epochs, interrupted = run_refit(plan, initial, fit, folder, observer)
    return Refitted(epochs, before) if epochs else None, INTERRUPTED if interrupted else reason


def _check_size(plan: Plan) -> None:
    """Check before the first epoch that the network file will not be too large to be read.

    Raises:
        LimitExceeded: the file would be too large.
    """
    try:
        knowledge_of(plan, pickled(plan.network))
    except LimitExceeded as error:
        raise LimitExceeded(
            f"The network would be too large to be read from its file: {error.message}",
            hint="Choose fewer or smaller hidden layers.", limit=error.limit,
        ) from None  # fmt: skip


@contextmanager
def exclusive(folder: ResultFolder) -> Iterator[None]:
    """Hold the lock of a folder.

    Raises:
        Busy: another training run holds the lock.
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
                f"Another training run is writing to {folder.path}.",
                hint="Wait until it has ended.",
            )
        yield
    finally:
        os.close(descriptor)
