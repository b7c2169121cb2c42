"""What is drawn of a training, as plain data."""

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
        measured: what the second error was measured on, ``validation`` or ``train``.
    """

    history: Sequence[EpochErrors]
    best_epoch: int
    measured: str


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix.

    Attributes:
        labels: the classes.
        counts: rows of the expected class (first index) that were predicted as another one (second index).
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
        expected: shape (n, targets).
        predicted: shape (n, targets).
        part: the part of the split.
    """

    names: Sequence[str]
    expected: Array
    predicted: Array
    part: str
