"""Render report.html, a self-contained page with the inputs, the prediction and the timeline of a run."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jinja2 import Environment, PackageLoader

from common.container_state import ContainerState
from common.pages.render import environment
from common.project import PREDICTION_CSV
from pipeline.stages.run_record import Run, verdict
from pipeline.stages.run_report.plot_values import (
    FEWEST_ROWS,
    HEIGHT,
    MARGIN,
    WIDTH,
    ConfusionMatrix,
    Histogram,
    Scatter,
    are_class_targets,
    confusion_matrix,
    histograms,
    scatters,
)
from pipeline.stages.run_report.prediction_rows import PredictionRows, read_prediction
from pybrain_runtime import Knowledge
from pybrain_runtime.drawing.html import drawing_address
from pybrain_runtime.io.printable import in_one_line

_LONGEST_LOG = 64 * 1024
_MOST_NAMES = 30


@dataclass(frozen=True)
class Plots:
    """The plots of a prediction; empty if there are few rows."""

    histograms: tuple[Histogram, ...] = ()
    scatters: tuple[Scatter, ...] = ()
    confusion: ConfusionMatrix | None = None


@dataclass(frozen=True)
class Span:
    """The running time of one container, in percent of the time from the first start to the last end.

    Attributes:
        service: the name of the service.
        start: the start of the container.
        length: the duration of the container.
        text: start and end in seconds, and how the container ended.
    """

    service: str
    start: float
    length: float
    text: str


def report_page(run: Run, knowledge: Knowledge, log: str) -> str:
    """Return the page of a run, even if it failed.

    Args:
        run: the run.
        knowledge: the network with its scaling, as the run used it.
        log: the output of the containers.
    """
    prediction = run.prediction or {}
    rows = _rows(run, prediction)
    return _environment().get_template("run.html").render(
        run=run,
        verdict=verdict(run),
        name=(knowledge.card.name if knowledge.card else "") or knowledge.name,
        knowledge=knowledge,
        drawing=drawing_address(knowledge.network),
        activation=prediction.get("activation") or {},
        prediction=prediction.get("prediction") or {},
        errors=prediction.get("errors") or {},
        versions=prediction.get("versions") or {},
        computing=prediction.get("duration_s"),
        rows=rows,
        plots=_plots(rows, knowledge) if rows else Plots(),
        spans=_spans(run.end.containers if run.end else ()),
        files=[(name, file.size, file.sha256) for name, file in run.files.items()],
        log=log if len(log) <= _LONGEST_LOG else f"...\n{log[-_LONGEST_LOG:]}",
        has_images=True,
        width=WIDTH,
        height=HEIGHT,
        margin=MARGIN,
    ) + "\n"  # fmt: skip


@functools.cache
def _environment() -> Environment:
    return environment(PackageLoader("pipeline.stages.run_report"), {"figure": _figure, "names": _names})


def _names(columns: Sequence[object]) -> str:
    """Return the names of columns; if there are many, the first ones and the number of the others."""
    listed = ", ".join(in_one_line(str(name)) for name in columns[:_MOST_NAMES])
    more = len(columns) - _MOST_NAMES
    return f"{listed} and {more:,} more" if more > 0 else listed


def _figure(value: object) -> str:
    """Return a metric with five digits; counts in full."""
    return (
        f"{value:,}" if isinstance(value, int) else f"{value:.5g}" if isinstance(value, float) else str(value)
    )


def _rows(run: Run, prediction: Mapping[str, object]) -> PredictionRows | None:
    file, section = run.files.get(PREDICTION_CSV), prediction.get("prediction")
    if file is None or not isinstance(section, dict):
        return None
    try:
        return read_prediction(file.path, section, _kept_columns(prediction))
    except (ValueError, IndexError, csv.Error):
        return None  # unexpected columns: the page shows no rows, but the run is valid


def _kept_columns(prediction: Mapping[str, object]) -> int:
    """Return the number of columns that were passed through."""
    activation = prediction.get("activation")
    used = activation.get("columns_used") if isinstance(activation, dict) else None
    kept = used.get("kept") if isinstance(used, dict) else None
    return len(kept) if isinstance(kept, list) else 0


def _plots(rows: PredictionRows, knowledge: Knowledge) -> Plots:
    if len(rows.predicted) < FEWEST_ROWS:
        return Plots()
    distributions = tuple(histograms(rows.outputs, rows.predicted))
    if rows.expected_classes and set(rows.expected_classes) <= set(knowledge.labels):
        expected = np.array([knowledge.labels.index(name) for name in rows.expected_classes])
        predicted = knowledge.class_places(rows.predicted)
        return Plots(distributions, (), confusion_matrix(knowledge.labels, predicted, expected))
    if rows.expected is None:
        return Plots(distributions)
    if are_class_targets(rows.expected) and (knowledge.labels or knowledge.outdim > 1):
        classes = [knowledge.class_places(values) for values in (rows.predicted, rows.expected)]
        return Plots(distributions, (), confusion_matrix(knowledge.labels or rows.outputs, *classes))
    return Plots(distributions, tuple(scatters(rows.outputs, rows.predicted, rows.expected)))


def _spans(containers: tuple[ContainerState, ...]) -> list[Span]:
    started = [state.started for state in containers if state.started]
    if not started:
        return []
    first = min(started)
    last = max([state.ended for state in containers if state.ended] + started)
    whole = (last - first).total_seconds() or 1.0
    spans = []
    for state in containers:
        if state.started is None:
            spans.append(Span(state.service, 0, 0, f"was never started: {state.remark}"))
            continue
        begin = (state.started - first).total_seconds()
        length = ((state.ended or last) - state.started).total_seconds()
        how = "was still running" if state.ended is None else f"exited with status {state.status}"
        remark = f" ({state.remark})" if state.remark else ""
        text = f"{begin:.2f} s to {begin + length:.2f} s, {how}{remark}"
        spans.append(Span(state.service, 100 * begin / whole, max(100 * length / whole, 0.5), text))
    return spans
