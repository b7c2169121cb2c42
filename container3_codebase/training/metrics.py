"""Metrics of predictions, defined and computed as in scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Metrics: TypeAlias = dict[str, object]


def classification_metrics(
    expected: NDArray[np.int64], predicted: NDArray[np.int64], labels: Sequence[str]
) -> Metrics:
    """Compute accuracy, macro F1, the confusion matrix, and precision, recall and F1 of each class.

    Macro F1 is the mean over the classes that occur in the expected or predicted classes, as in scikit-learn's
    ``f1_score(average="macro")``. A ratio with the denominator 0 is 0.

    Args:
        expected: the index of the class of each row, shape (n,), n > 0.
        predicted: the index of the predicted class of each row, shape (n,).
        labels: the classes.
    """
    count = len(labels)
    confusion = confusion_matrix(expected, predicted, count)
    hits = np.diag(confusion)
    of_class, as_class = confusion.sum(axis=1), confusion.sum(axis=0)
    precision, recall = _ratio(hits, as_class), _ratio(hits, of_class)
    f1 = _ratio(2 * hits, of_class + as_class)
    present = (of_class + as_class) > 0
    return {
        "rows": len(expected),
        "accuracy": float(np.mean(expected == predicted)),
        "f1": float(np.mean(f1[present])),
        "confusion": confusion.tolist(),
        "classes": {
            label: {
                "rows": int(of_class[place]),
                "precision": float(precision[place]),
                "recall": float(recall[place]),
                "f1": float(f1[place]),
            }
            for place, label in enumerate(labels)
        },
    }


def confusion_matrix(
    expected: NDArray[np.int64], predicted: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Count the rows of each class (first index) that were predicted as each class (second index).

    Args:
        expected: the index of the class of each row, shape (n,).
        predicted: the index of the predicted class of each row, shape (n,).
        count: the number of classes.
    """
    return np.bincount(expected * count + predicted, minlength=count * count).reshape(count, count)


def regression_metrics(
    expected: NDArray[np.float64], predicted: NDArray[np.float64], names: Sequence[str]
) -> Metrics:
    """Compute MAE, RMSE and R2 of each target, and their means over the targets.

    R2 is None for a single row, for which it is undefined. For constant expected values it is 1 if the predictions are
    perfect and 0 otherwise, as in scikit-learn.

    Args:
        expected: the expected values, shape (n, targets), n > 0.
        predicted: the predicted values, shape (n, targets).
        names: the names of the targets.
    """
    error = expected - predicted
    mae = np.average(np.abs(error), axis=0)
    rmse = np.sqrt(np.average(error**2, axis=0))
    r2 = _r2(expected, error)
    return {
        "rows": len(expected),
        "mae": float(np.average(mae)),
        "rmse": float(np.average(rmse)),
        "r2": None if r2 is None else float(np.average(r2)),
        "targets": {
            name: {
                "mae": float(mae[place]),
                "rmse": float(rmse[place]),
                "r2": None if r2 is None else float(r2[place]),
            }
            for place, name in enumerate(names)
        },
    }


def _r2(expected: NDArray[np.float64], error: NDArray[np.float64]) -> NDArray[np.float64] | None:
    if len(expected) < 2:
        return None
    residual = (error**2).sum(axis=0)
    total = ((expected - np.average(expected, axis=0)) ** 2).sum(axis=0)
    varies = total > 1e-300 * residual  # otherwise the ratio may be infinite
    scores: NDArray[np.float64] = np.where(residual == 0.0, 1.0, 0.0)
    scores[varies] = 1.0 - residual[varies] / total[varies]
    return scores


def _ratio(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = np.divide(parts, wholes, out=np.zeros(len(parts)), where=wholes > 0)
    return result
