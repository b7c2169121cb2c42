"""Plots of a prediction as plain values, which the template draws in SVG with the colours of the page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, MARGIN = 320, 160, 8
"""The size of a plot's drawing area, in SVG units."""

_BINS = 24
_MOST_PLOTS = 8
_MOST_POINTS = 1500
_MOST_CLASSES = 20
FEWEST_ROWS = 8
"""With fewer rows, a table is more useful than a plot."""


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram: its position in the drawing, and its label."""

    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True)
class Histogram:
    """The distribution of one output."""

    title: str
    bars: tuple[Bar, ...]
    low: str
    high: str
    most: int


@dataclass(frozen=True)
class Scatter:
    """Predicted values of one output against expected values, which are equal on the diagonal."""

    title: str
    points: tuple[tuple[float, float], ...]
    low: str
    high: str


@dataclass(frozen=True)
class ConfusionMatrix:
    """Counts of expected classes (rows) and predicted classes (columns).

    Attributes:
        labels: the classes.
        counts: the counts, each with its share of the expected class in percent.
        correct: the number of rows whose class was predicted correctly.
        rows: the number of rows.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[tuple[int, int], ...], ...]
    correct: int
    rows: int


def histograms(names: tuple[str, ...], values: NDArray[np.float64]) -> list[Histogram]:
    """Return the distributions of at most eight outputs.

    Args:
        names: the names of the outputs.
        values: shape (rows, outputs); values that are not finite are left out.
    """
    return [
        _histogram(name, column[np.isfinite(column)])
        for name, column in zip(names[:_MOST_PLOTS], values.T, strict=False)
        if np.isfinite(column).any()
    ]


def _histogram(name: str, values: NDArray[np.float64]) -> Histogram:
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low) or high - low <= 1e-9 * max(abs(low), abs(high)):
        counts, edges = np.array([values.size]), np.array([low, high])
    else:
        counts, edges = np.histogram(values, bins=_BINS, range=(low, high))
    width, most = WIDTH / counts.size, int(counts.max())
    bars = tuple(
        Bar(
            round(place * width, 1),
            round(HEIGHT * (1 - count / most), 1),
            round(max(width - 1, 1), 1),
            round(HEIGHT * count / most, 1),
            f"{edges[place]:.4g} to {edges[place + 1]:.4g}: {count:,}",
        )
        for place, count in enumerate(counts.tolist())
    )
    return Histogram(name, bars, f"{low:.4g}", f"{high:.4g}", most)


def scatters(
    names: tuple[str, ...], predicted: NDArray[np.float64], expected: NDArray[np.float64]
) -> list[Scatter]:
    """Return plots of predicted against expected values, for at most eight outputs with 1,500 points each.

    Args:
        names: the names of the outputs.
        predicted: shape (rows, outputs).
        expected: shape (rows, outputs).
    """
    found = []
    for name, guess, truth in zip(names[:_MOST_PLOTS], predicted.T, expected.T, strict=False):
        finite = np.isfinite(guess) & np.isfinite(truth)
        if finite.any():
            found.append(_scatter(name, guess[finite], truth[finite]))
    return found


def _scatter(name: str, predicted: NDArray[np.float64], expected: NDArray[np.float64]) -> Scatter:
    low = float(min(predicted.min(), expected.min()))
    high = float(max(predicted.max(), expected.max()))
    span = high - low if np.isfinite(high - low) and high > low else 1.0
    step = -(-predicted.size // _MOST_POINTS)
    x = (expected[::step] - low) / span * HEIGHT
    y = HEIGHT - (predicted[::step] - low) / span * HEIGHT
    points = tuple((round(a, 1), round(b, 1)) for a, b in zip(x.tolist(), y.tolist(), strict=True))
    return Scatter(name, points, f"{low:.4g}", f"{high:.4g}")


def confusion_matrix(
    labels: tuple[str, ...], predicted: NDArray[np.intp], expected: NDArray[np.intp]
) -> ConfusionMatrix | None:
    """Return the confusion matrix of a classifier; None for more than 20 classes.

    Args:
        labels: the names of the classes.
        predicted: the indices of the predicted classes in `labels`, shape (rows,).
        expected: the indices of the expected classes in `labels`, shape (rows,).
    """
    if not 2 <= len(labels) <= _MOST_CLASSES or not expected.size:
        return None
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, (expected, predicted), 1)
    totals = np.maximum(1, counts.sum(axis=1))
    cells = tuple(
        tuple((count, round(100 * count / total)) for count in row)
        for row, total in zip(counts.tolist(), totals.tolist(), strict=True)
    )
    return ConfusionMatrix(labels, cells, int(np.trace(counts)), int(counts.sum()))


def are_class_targets(expected: NDArray[np.float64]) -> bool:
    """Return whether expected values encode classes: one-hot rows, or 0 and 1 for a single output."""
    binary = bool(((expected == 0) | (expected == 1)).all())
    return binary and (expected.shape[1] == 1 or bool((expected.sum(axis=1) == 1).all()))
