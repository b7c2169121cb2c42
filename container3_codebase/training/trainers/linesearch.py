"""Find a step length along a direction that satisfies the strong Wolfe conditions.

Source: J. Nocedal, S. J. Wright: Numerical optimization, 2nd edition, 2006, algorithms 3.5 and 3.6, with cubic
interpolation, equation 3.59.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from training.trainers.base import Array

DECREASE, CURVATURE = 1e-4, 0.9
"""The constants c1 and c2 of the conditions, as recommended by the source for quasi-Newton methods."""
MOST_TRIALS = 20
"""Maximum number of evaluations in each of the two phases."""


@dataclass(frozen=True)
class Point:
    """An evaluated point on the line.

    Attributes:
        step: the step length, as a multiple of the direction.
        loss: the loss at the point.
        slope: the derivative of the loss with respect to ``step``.
        params: the parameters, shape (paramdim,).
        gradient: the gradient of the loss, shape (paramdim,).
        squared_error: the sum of the squared errors of all rows.
    """

    step: float
    loss: float
    slope: float
    params: Array
    gradient: Array
    squared_error: float


Evaluate: TypeAlias = Callable[[float], Point]


def wolfe_point(evaluate: Evaluate, start: Point, step: float) -> Point | None:
    """Find a point that satisfies the strong Wolfe conditions, or at least the first of them.

    Args:
        evaluate: returns the point at a step length.
        start: the point at step 0, whose slope is negative.
        step: the first step length to try.

    Returns:
        The point; None if no lower loss was found.
    """
    previous = start
    for number in range(MOST_TRIALS):
        trial = evaluate(step)
        if not _decreases(trial, start) or (number and trial.loss >= previous.loss):
            return _zoom(evaluate, start, previous, trial)
        if abs(trial.slope) <= -CURVATURE * start.slope:
            return trial
        if trial.slope >= 0:
            return _zoom(evaluate, start, trial, previous)
        previous, step = trial, 2.0 * step
    return previous


def _zoom(evaluate: Evaluate, start: Point, low: Point, high: Point) -> Point | None:
    """Narrow an interval that contains such a point; ``low`` is the end with the lower loss."""
    for _ in range(MOST_TRIALS):
        trial = evaluate(_between(low, high))
        if not _decreases(trial, start) or trial.loss >= low.loss:
            high = trial
            continue
        if abs(trial.slope) <= -CURVATURE * start.slope:
            return trial
        if trial.slope * (high.step - low.step) >= 0:
            high = low
        low = trial
    return low if low.loss < start.loss else None


def _decreases(trial: Point, start: Point) -> bool:
    """Return whether the loss is finite and decreases sufficiently (the first condition)."""
    return math.isfinite(trial.loss) and trial.loss <= start.loss + DECREASE * trial.step * start.slope


def _between(low: Point, high: Point) -> float:
    """Return the minimizer of the cubic through both ends, or the midpoint if it is too close to an end."""
    width = high.step - low.step
    middle = low.step + 0.5 * width
    if not (math.isfinite(high.loss) and math.isfinite(high.slope)):
        return middle
    d1 = low.slope + high.slope - 3.0 * (low.loss - high.loss) / (low.step - high.step)
    square = d1 * d1 - low.slope * high.slope
    if not (math.isfinite(square) and square >= 0):
        return middle
    d2 = math.copysign(math.sqrt(square), width)
    divisor = high.slope - low.slope + 2.0 * d2
    if not divisor:
        return middle
    step = high.step - width * (high.slope + d2 - d1) / divisor
    return step if 0.1 <= (step - low.step) / width <= 0.9 else middle
