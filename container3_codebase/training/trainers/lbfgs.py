"""L-BFGS on all rows, one iteration per epoch.

Source: J. Nocedal, S. J. Wright: Numerical optimization, 2nd edition, 2006, algorithms 7.4 and 7.5.

``scipy.optimize.minimize(method="L-BFGS-B")`` is not used, because it does not expose its pairs of steps and gradient
changes: every resumed run would start without them, and its results would not be bit-identical. It would also add SciPy
to the image.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from pybrain.structure import FeedForwardNetwork
from training.errors import Diverged
from training.trainers.base import Array, State, StateValue, TrainerOptions, whole_number
from training.trainers.gradients import LossGradient, loss_gradient
from training.trainers.linesearch import Point, wolfe_point

PAIRS = 10
"""The number of pairs of steps and gradient changes that are kept."""
CHUNK = 4096
"""Rows per matrix product: enough to be fast, few enough to bound the memory."""
FLAT = 1e-12
"""The largest absolute entry of a gradient that is considered zero."""


class Objective:
    """The mean loss of all rows, plus half the weight decay times the sum of the squared weights.

    Args:
        gradient: the losses and gradients of batches.
        rows: the number of rows.
        weight_decay: the factor of the penalty, which excludes biases.
    """

    def __init__(self, gradient: LossGradient, rows: int, weight_decay: float) -> None:
        self._gradient = gradient
        self._rows = np.arange(rows)
        self._penalty = weight_decay * gradient.weights

    def __call__(self, params: Array, *, step: float = 0.0, direction: Array | None = None) -> Point:
        """Evaluate the loss and its gradient.

        Args:
            params: the parameters, shape (paramdim,).
            step: the step length to store in the result.
            direction: the direction of the slope in the result, shape (paramdim,); None for a slope of 0.
        """
        self._gradient.params[:] = params
        loss = squared = 0.0
        total = np.zeros_like(params)
        for start in range(0, len(self._rows), CHUNK):
            rows = self._rows[start : start + CHUNK]
            squared += self._gradient.batch(rows)
            loss += self._gradient.loss_of_last(len(rows))
            total += self._gradient.gradient * (len(rows) / len(self._rows))
        penalty = self._penalty * params
        total += penalty
        loss = loss / len(self._rows) + 0.5 * float(penalty @ params)
        slope = 0.0 if direction is None else float(total @ direction)
        return Point(step, loss, slope, params, total, squared)


class LBFGS:
    """Quasi-Newton steps on all rows; the step length satisfies the strong Wolfe conditions.

    The loss is cross-entropy for softmax outputs and half the squared error otherwise, see
    :mod:`training.trainers.minibatch`.

    Args:
        network: the network; its parameters are changed at the end of each epoch.
        inputs: scaled inputs, shape (n, indim).
        targets: scaled targets, shape (n, outdim); for softmax outputs each row sums to 1.
        options: the trainer options, of which only the weight decay is used.
        seed: not used, because the trainer is deterministic.
    """

    def __init__(
        self, network: FeedForwardNetwork, inputs: Array, targets: Array, options: TrainerOptions, seed: int
    ) -> None:
        self._gradient = loss_gradient(network, inputs, targets)
        self._objective = Objective(self._gradient, len(inputs), options.decay)
        self._values = targets.size
        self._pairs: deque[tuple[Array, Array]] = deque(maxlen=PAIRS)
        self._point: Point | None = None
        self._epoch = 0

    def train_epoch(self) -> float:
        """Train for one epoch; see :class:`training.trainers.base.Trainer`.

        If no step lowers the loss, the parameters do not change.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            here = self._present_point()
            if not (math.isfinite(here.loss) and np.isfinite(here.gradient).all()):
                raise Diverged(self._epoch + 1, None)
            there = self._next_point(here)
        self._gradient.params[:] = there.params
        self._gradient.write()
        self._point = there
        self._epoch += 1
        return 0.5 * here.squared_error / self._values

    def _present_point(self) -> Point:
        """Return the point at the network's parameters, reusing the last one unless the parameters have changed."""
        self._gradient.read()
        params = self._gradient.params.copy()
        if self._point is not None and np.array_equal(self._point.params, params):
            return self._point
        try:
            return self._objective(params)
        finally:
            self._gradient.params[:] = params
            self._gradient.write()

    def _next_point(self, here: Point) -> Point:
        if np.abs(here.gradient).max() <= FLAT:
            return here
        while True:
            direction = self._direction(here.gradient)
            found = self._search(here, direction)
            if found is not None:
                self._remember(here, found)
                return found
            if not self._pairs:
                return here
            self._pairs.clear()  # retry along the gradient

    def _search(self, here: Point, direction: Array) -> Point | None:
        slope = float(here.gradient @ direction)
        if not slope < 0:
            return None
        first = 1.0 if self._pairs else min(1.0, 1.0 / float(np.abs(here.gradient).sum()))

        def evaluate(step: float) -> Point:
            return self._objective(here.params + step * direction, step=step, direction=direction)

        start = Point(0.0, here.loss, slope, here.params, here.gradient, here.squared_error)
        return wolfe_point(evaluate, start, first)

    def _direction(self, gradient: Array) -> Array:
        """Return the negative product of the approximate inverse Hessian and the gradient (algorithm 7.4)."""
        q = -gradient
        factors = []
        for step, change in reversed(self._pairs):
            factor = float(step @ q) / float(step @ change)
            q -= factor * change
            factors.append(factor)
        if self._pairs:
            step, change = self._pairs[-1]
            q *= float(step @ change) / float(change @ change)
        for (step, change), factor in zip(self._pairs, reversed(factors), strict=True):
            q += (factor - float(change @ q) / float(step @ change)) * step
        return q

    def _remember(self, here: Point, there: Point) -> None:
        step, change = there.params - here.params, there.gradient - here.gradient
        if float(step @ change) > np.finfo(float).eps * float(change @ change):
            self._pairs.append((step, change))

    def state_dict(self) -> dict[str, StateValue]:
        """Return the state; see :class:`training.trainers.base.Trainer`."""
        shape = (len(self._pairs), len(self._gradient.params))
        return {
            "epoch": self._epoch,
            "steps": np.array([step for step, _ in self._pairs]).reshape(shape),
            "changes": np.array([change for _, change in self._pairs]).reshape(shape),
        }

    def load_state_dict(self, state: State) -> None:
        """Restore a state that ``state_dict`` returned."""
        self._epoch = whole_number(state, "epoch")
        steps, changes = np.array(state["steps"], dtype=float), np.array(state["changes"], dtype=float)
        self._pairs = deque(zip(steps, changes, strict=True), maxlen=PAIRS)
        self._point = None
