"""Write the results of a completed training run and their metrics, all or none."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pybrain_runtime import Knowledge
from pybrain_runtime.convert.pickled import pickled
from pybrain_runtime.errors import MissingPackage
from pybrain_runtime.io.sha256 import Sha256
from pybrain_runtime.knowledge import read_network
from training.evaluation import classes_of, metrics_of, predictions
from training.fitting.fit import INTERRUPTED, Fit
from training.metrics import confusion_matrix
from training.observer import Observer
from training.plan import Plan
from training.results.card import card_content
from training.results.chart_data import Confusion, Curve, Residuals
from training.results.folder import (
    CARD,
    HISTORY,
    KNOWLEDGE,
    METRICS,
    REPORT,
    Addition,
    ResultFolder,
    history_bytes,
    json_bytes,
)
from training.results.plots import draw
from training.results.report import report_html

EARLY_STOPPED = "early_stopped"
"""The key of the validation metrics of the network before a refit."""


@dataclass(frozen=True)
class Outcome:
    """A completed training run.

    Attributes:
        plan: the plan of the run.
        folder: the folder of the results.
        fitted: the end of training: epochs, best epoch, reason, whether it was interrupted.
        metrics: the metrics of each part of the split; after a refit, those of the early-stopped network come first.
        files: the SHA-256 of each file, by its name in the folder.
    """

    plan: Plan
    folder: str
    fitted: dict[str, object]
    metrics: dict[str, object]
    files: dict[str, str]

    @property
    def interrupted(self) -> bool:
        """Whether training was stopped before its end."""
        return self.fitted["reason"] == INTERRUPTED


@dataclass(frozen=True)
class Refitted:
    """A completed refit.

    Attributes:
        epochs: the number of epochs.
        before: the early-stopped knowledge, whose validation metrics are recorded because the refit has trained on
            the validation rows.
    """

    epochs: int
    before: Knowledge


def write_results(
    plan: Plan,
    fit: Fit,
    reason: str,
    folder: ResultFolder,
    observer: Observer,
    also: Addition | None = None,
    refitted: Refitted | None = None,
) -> Outcome:
    """Write all results of a training run, all or none.

    Args:
        plan: the plan of the run.
        fit: the training run, with the best parameters set.
        reason: the reason for its end.
        folder: the folder of the results.
        observer: the observer that is notified if no plots can be drawn.
        also: additional files to write with the results.
        refitted: the refit that followed; None without one.

    Raises:
        CannotWrite: a file cannot be written; the earlier results are kept.
    """
    also = also or Addition()
    content = pickled(plan.network)
    knowledge = knowledge_of(plan, content)
    metrics: dict[str, object] = {}
    if refitted is not None:
        metrics[EARLY_STOPPED] = metrics_of(refitted.before, plan.rows, plan.split.validation)
    for name, indices in plan.split.parts():
        metrics[name] = metrics_of(knowledge, plan.rows, indices)
    fitted: dict[str, object] = {
        "epochs": fit.state.epoch,
        "best_epoch": fit.state.best_epoch,
        "best_validation_error": fit.state.best_error,
        "reason": reason,
        "interrupted": reason == INTERRUPTED,
        "refit_epochs": refitted.epochs if refitted is not None else 0,
    }
    about = {"task": plan.rows.task, "labels": list(plan.rows.labels), "targets": list(plan.rows.targets)}
    files = {
        KNOWLEDGE: content,
        CARD: json_bytes(card_content(plan, fitted, metrics)),
        METRICS: json_bytes({**about, **metrics, "fit": fitted}),
        HISTORY: history_bytes(fit.state.history),
    }
    plots = _plots(plan, fit, knowledge, observer)
    files |= {**plots, REPORT: report_html(plan, fitted, metrics, plots, also.section), **also.files}
    folder.write(files)
    return Outcome(
        plan,
        folder.path,
        fitted,
        metrics,
        {name: hashlib.sha256(written).hexdigest() for name, written in files.items()},
    )


def _plots(plan: Plan, fit: Fit, knowledge: Knowledge, observer: Observer) -> dict[str, bytes]:
    if not plan.options.plots:
        return {}
    curve = Curve(
        fit.state.history, fit.state.best_epoch, "validation" if len(plan.split.validation) else "train"
    )
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


def knowledge_of(plan: Plan, content: bytes) -> Knowledge:
    """Load the knowledge from the content of its file, so that the metrics match later predictions.

    Args:
        plan: the plan of the run.
        content: the content of the network file.

    Raises:
        LimitExceeded: the file is too large to be read.
    """
    digest = Sha256()
    digest.update(content)
    found = read_network(content, KNOWLEDGE)
    return Knowledge(
        path=KNOWLEDGE, sha256=digest.hexdigest(), size=len(content), network=found.network, card=plan.card
    )
