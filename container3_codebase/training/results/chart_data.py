"""The data of the plots of a training run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.fitting.fit import EpochErrors

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """The learning curve.

    Attributes:
        history: the errors of all epochs.
        best_epoch: the epoch whose parameters were kept.
        measured: the rows on which the second error was measured, ``validation`` or ``train``.
    """

    history: Sequence[EpochErrors]
    best_epoch: int
    measured: str


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix.

    Attributes:
        labels: the classes.
        counts: the number of rows by expected class (first index) and predicted class (second index).
        part: the part of the split.
    """

    labels: Sequence[str]
    counts: NDArray[np.int64]
    part: str


@dataclass(frozen=True)
class Residuals:
    """Expected and predicted values.

    Attributes:
        names: the targets.
        expected: the expected values, shape (n, targets).
        predicted: the predicted values, shape (n, targets).
        part: the part of the split.
    """

    names: Sequence[str]
    expected: Array
    predicted: Array
    part: str
