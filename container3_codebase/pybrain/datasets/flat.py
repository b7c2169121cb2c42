"""Data sets as arrays, and the outputs and errors of networks that compute all rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pybrain._typing import Array, IntArray


class FlatData:
    """The samples of a data set as arrays.

    Args:
        dataset: the data set; its linked fields are input, target and perhaps importance.
        bounds: (start, end) of each sequence, without empty ones; None if every sample is a sequence.

    Attributes:
        inputs, targets: shapes (n, indim) and (n, outdim).
        importance: shape (n, outdim), or None.
        bounds: (start, end) of each sequence; None if every sample is a sequence.
    """

    def __init__(self, dataset: Any, bounds: Sequence[tuple[int, int]] | None) -> None:
        self.inputs, self.targets, *rest = (
            np.ascontiguousarray(dataset.data[label][: dataset.endmarker[label]], dtype=float)
            for label in dataset.link
        )
        self.importance = rest[0] if rest else None
        self.bounds = None if bounds is None else [(start, end) for start, end in bounds if end > start]

    def rows(self, order: Sequence[int]) -> IntArray:
        """Return the rows of these sequences, in order."""
        if self.bounds is None:
            return np.array(order, dtype=int)
        return np.concatenate([np.arange(*self.bounds[index]) for index in order])


def flatData(dataset: Any) -> FlatData | None:
    """Return the FlatData of a data set, or None if it provides samples in its own way."""
    flatten = getattr(dataset, "_flat", None)
    return None if flatten is None else flatten()


def sequenceCount(dataset: Any) -> int:
    """Return the number of sequences that a data set provides."""
    data = flatData(dataset)
    if data is None:
        return sum(1 for _ in dataset._provideSequences())
    return len(data.inputs) if data.bounds is None else len(data.bounds)


def rowsTogether(module: Any) -> bool:
    """Return whether a module's rows depend neither on each other nor on their order."""
    together = getattr(module, "_rowsTogether", None)
    return together is not None and together()


def outputs(module: Any, dataset: Any) -> Array | None:
    """Return the outputs for all samples, shape (n, outdim), or None if rows depend on each other.

    Args:
        module: the module.
        dataset: the data set.
    """
    if not rowsTogether(module) or (data := flatData(dataset)) is None:
        return None
    return module.activateRows(data.inputs)


def meanErrorOf(module: Any, dataset: Any) -> float | None:
    """Return half the mean squared error on a data set, or None if rows depend on each other.

    Args:
        module: the module.
        dataset: the data set.
    """
    predicted, data = outputs(module, dataset), flatData(dataset)
    if predicted is None or data is None:
        return None
    squares = (data.targets - predicted) ** 2
    if data.importance is None:
        return 0.5 * float(squares.sum()) / squares.size
    return 0.5 * float((data.importance * squares).sum() / data.importance.sum())
