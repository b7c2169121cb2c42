"""Error metrics: how far predictions deviate from the expected outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


class ErrorMetrics:
    """Error metrics, accumulated batch by batch.

    Args:
        classify: whether the largest output of a row is its class, so that accuracy is computed.
    """

    def __init__(self, classify: bool) -> None:
        self._classify = classify
        self._rows = 0
        self._count = 0
        self._squared = 0.0
        self._absolute = 0.0
        self._largest = 0.0
        self._correct = 0

    def add(self, outputs: np.ndarray, targets: np.ndarray) -> None:
        """Add a batch.

        Args:
            outputs: predictions, shape (n, outdim).
            targets: expected outputs, shape (n, outdim).
        """
        with np.errstate(all="ignore"):
            error = np.abs(outputs - targets)
            self._squared += float(np.square(error).sum())
        self._absolute += float(error.sum())
        self._largest = max(self._largest, float(error.max(initial=0.0)))
        self._rows += len(error)
        self._count += error.size
        if self._classify:
            correct = outputs.argmax(axis=1) == targets.argmax(axis=1)
            self._correct += int((correct & ~np.isnan(outputs).any(axis=1)).sum())

    def add_classes(self, predicted: np.ndarray, expected: np.ndarray) -> None:
        """Add a batch of which only the expected classes are known, not the expected outputs.

        Args:
            predicted: class index of each row, shape (n,); -1 for a row without a class.
            expected: expected class index of each row, shape (n,).
        """
        self._classify = True
        self._rows += len(expected)
        self._correct += int((predicted == expected).sum())

    def result(self) -> dict[str, float | int | None] | None:
        """Return mse, mae, max_abs and, with classes, accuracy and the number of correct rows; None without targets."""
        if not self._rows:
            return None
        if not self._count:
            return {"accuracy": self._correct / self._rows, "correct": self._correct}
        metrics: dict[str, float | int | None] = {
            "mse": finite(self._squared / self._count),
            "mae": finite(self._absolute / self._count),
            "max_abs": finite(self._largest),
        }
        if self._classify:
            metrics |= {"accuracy": self._correct / self._rows, "correct": self._correct}
        return metrics

    @property
    def state(self) -> list[float]:
        """What has been accumulated, for checkpoints."""
        return [self._rows, self._count, self._squared, self._absolute, self._largest, self._correct]

    def restore(self, state: Sequence[float]) -> None:
        """Restore the state of an earlier run."""
        rows, count, self._squared, self._absolute, self._largest, correct = state
        self._rows, self._count, self._correct = int(rows), int(count), int(correct)


def finite(value: float) -> float | None:
    """Return the value, or None if it is NaN or infinite, which JSON does not support."""
    return value if math.isfinite(value) else None
