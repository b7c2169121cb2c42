"""The trials of a search and the results of their folds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.search.ranges import Values


@dataclass(frozen=True)
class FoldResult:
    """The result of a fold.

    Attributes:
        epochs: the number of epochs.
        best_epoch: the epoch with the smallest validation error.
        error: the validation error of that epoch: half the mean squared error per target value, in scaled units.
        metric: the accuracy, or the RMSE in the units of the file, of the network after that epoch.
        failure: the reason for a failure; empty if the fold succeeded.
    """

    epochs: int
    best_epoch: int
    error: float
    metric: float
    failure: str = ""

    @classmethod
    def failed(cls, reason: str) -> FoldResult:
        """Return the result of a fold whose training failed."""
        return cls(0, 0, 0.0, 0.0, reason)


@dataclass(frozen=True)
class Trial:
    """A trial with the results of all its folds.

    Attributes:
        number: the number of the trial, counted from 1.
        values: the values of the searched options.
        folds: the results of the folds.
    """

    number: int
    values: Values
    folds: tuple[FoldResult, ...]

    @property
    def failure(self) -> str:
        """The reason for a failure; empty if the trial succeeded."""
        for place, fold in enumerate(self.folds, 1):
            if fold.failure:
                return f"fold {place}: {fold.failure}"
        return ""

    @property
    def mean(self) -> float:
        """The mean of the validation error over the folds, which the search minimizes."""
        return math.fsum(fold.error for fold in self.folds) / len(self.folds)

    @property
    def deviation(self) -> float:
        """The standard deviation of the validation error over the folds (divided by their number)."""
        mean = self.mean
        return math.sqrt(math.fsum((fold.error - mean) ** 2 for fold in self.folds) / len(self.folds))

    @property
    def metric(self) -> float:
        """The mean of the accuracy or RMSE over the folds."""
        return math.fsum(fold.metric for fold in self.folds) / len(self.folds)

    @property
    def epochs(self) -> int:
        """The epochs for training on all rows: the median of the best epochs of the folds, at least 1."""
        return max(1, round(float(np.median([fold.best_epoch for fold in self.folds]))))

    def text(self) -> str:
        """Return the values in one line."""
        return ", ".join(
            f"{name} = {value:.4g}" if isinstance(value, float) else f"{name} = {value}"
            for name, value in self.values.items()
        )


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """Return the trial with the smallest mean error, the first in case of ties; None if all failed."""
    return min((trial for trial in trials if not trial.failure), key=lambda trial: trial.mean, default=None)
