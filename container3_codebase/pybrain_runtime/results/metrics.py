"""How far predictions lie from what was expected."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


class ErrorMetrics:
    """Error figures, added up chunk by chunk.

    Args:
        classify: whether the largest output of a row names its class.
    """

    def __init__(self, classify: bool) -> None:
        self._classify = classify
        self._rows = 0
        self._count = 0
        self._squares = 0.0
        self._sizes = 0.0
        self._largest = 0.0
        self._right = 0

    def add(self, outputs: np.ndarray, targets: np.ndarray) -> None:
        """Takes predictions and expected values, both of shape (n, outdim)."""
        with np.errstate(all="ignore"):
            error = np.abs(outputs - targets)
            self._squares += float(np.square(error).sum())
        self._sizes += float(error.sum())
        self._largest = max(self._largest, float(error.max(initial=0.0)))
        self._rows += len(error)
        self._count += error.size
        if self._classify:
            right = outputs.argmax(axis=1) == targets.argmax(axis=1)
            self._right += int((right & ~np.isnan(outputs).any(axis=1)).sum())

    def result(self) -> dict[str, float | int | None] | None:
        """Returns mse, mae, max_abs, for classes accuracy and how many were right; None without targets."""
        if not self._count:
            return None
        found: dict[str, float | int | None] = {
            "mse": finite(self._squares / self._count),
            "mae": finite(self._sizes / self._count),
            "max_abs": finite(self._largest),
        }
        if self._classify:
            found |= {"accuracy": self._right / self._rows, "correct": self._right}
        return found

    @property
    def state(self) -> list[float]:
        """What has been added up, to go on with elsewhere."""
        return [self._rows, self._count, self._squares, self._sizes, self._largest, self._right]

    def recall(self, state: Sequence[float]) -> None:
        """Goes on from the state of others."""
        rows, count, self._squares, self._sizes, self._largest, right = state
        self._rows, self._count, self._right = int(rows), int(count), int(right)


def finite(value: float) -> float | None:
    """Returns the value, or None where JSON has no word for it."""
    return value if math.isfinite(value) else None
