"""The training of one fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from training.errors import Diverged
from training.evaluation import classes_of
from training.fitting.fit import INTERRUPTED
from training.metrics import regression_metrics
from training.options import TrainingOptions
from training.plan import Plan, plan_new
from training.plan_fit import make_fit
from training.rows.split import Split
from training.rows.table import Table
from training.rows.targets import REGRESSION, Rows
from training.search.trials import FoldResult


@dataclass(frozen=True)
class FoldData:
    """What the folds of all trials have in common. The rows for the test are not part of it.

    Attributes:
        table: the file of the rows, without its cells.
        rows: the rows of training and validation.
        splits: the rows of each fold.
    """

    table: Table
    rows: Rows
    splits: tuple[Split, ...]

    @classmethod
    def of(cls, table: Table, rows: Rows, splits: tuple[Split, ...]) -> FoldData:
        """Return the data of the folds.

        Args:
            table: the file of the rows.
            rows: the rows of training and validation.
            splits: the rows of each fold.
        """
        return cls(replace(table, lines=(), cells=()), rows, splits)


@dataclass(frozen=True)
class FoldTask:
    """A fold of a trial that is to be trained.

    Attributes:
        trial: the number of the trial.
        fold: the fold, counted from 0.
        options: the options of the trial.
    """

    trial: int
    fold: int
    options: TrainingOptions


def fit_fold(data: FoldData, task: FoldTask, stop: Callable[[], bool]) -> FoldResult | None:
    """Train on all rows but a fold, and measure on the fold.

    Args:
        data: the rows.
        task: what to train.
        stop: whether to stop after the current epoch.

    Returns:
        The result; None if training was stopped.

    Raises:
        OptionError: the options contradict each other.
    """
    plan = plan_new(task.options, data.table, data.rows, data.splits[task.fold])
    try:
        fit = make_fit(plan)
        if fit.run(lambda fit: None, stop) == INTERRUPTED:
            return None
    except Diverged as error:
        return FoldResult.failed(f"training diverged in epoch {error.epoch}")
    return FoldResult(fit.state.epoch, fit.state.best_epoch, fit.state.best_error, _metric(plan))


def _metric(plan: Plan) -> float:
    """Return accuracy or RMSE of the network on the rows for validation."""
    rows, validation = plan.rows, plan.split.validation
    outputs = plan.network.activateRows(plan.inputs[validation])
    if rows.task != REGRESSION:
        return float(np.mean(classes_of(outputs) == rows.classes[validation]))
    columns = plan.card.outputs
    in_units = outputs * [column.scale for column in columns] + [column.mean for column in columns]
    rmse = regression_metrics(rows.expected[validation], in_units, rows.targets)["rmse"]
    assert isinstance(rmse, float)
    return rmse
