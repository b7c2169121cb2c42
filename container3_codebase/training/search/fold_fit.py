"""Train one fold of a cross-validation."""

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
    """The data that the folds of all trials share, without the test rows.

    Attributes:
        table: the table with the rows, without its cells.
        rows: the training and validation rows.
        splits: the split of each fold.
    """

    table: Table
    rows: Rows
    splits: tuple[Split, ...]

    @classmethod
    def of(cls, table: Table, rows: Rows, splits: tuple[Split, ...]) -> FoldData:
        """Return the data of the folds.

        Args:
            table: the table with the rows.
            rows: the training and validation rows.
            splits: the split of each fold.
        """
        return cls(replace(table, lines=(), cells=()), rows, splits)


@dataclass(frozen=True)
class FoldTask:
    """The task of training a fold of a trial.

    Attributes:
        trial: the number of the trial.
        fold: the index of the fold.
        options: the options of the trial.
    """

    trial: int
    fold: int
    options: TrainingOptions


def fit_fold(data: FoldData, task: FoldTask, stop: Callable[[], bool]) -> FoldResult | None:
    """Train on all rows except those of a fold, and measure on the fold.

    Args:
        data: the data of the folds.
        task: the fold and the options.
        stop: returns whether to stop after the current epoch.

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
    """Return accuracy or RMSE of the network on the validation rows."""
    rows, validation = plan.rows, plan.split.validation
    outputs = plan.network.activateRows(plan.inputs[validation])
    if rows.task != REGRESSION:
        return float(np.mean(classes_of(outputs) == rows.classes[validation]))
    columns = plan.card.outputs
    in_units = outputs * [column.scale for column in columns] + [column.mean for column in columns]
    rmse = regression_metrics(rows.expected[validation], in_units, rows.targets)["rmse"]
    assert isinstance(rmse, float)
    return rmse
