"""L-BFGS on all rows, one iteration per epoch.

Source: J. Nocedal, S. J. Wright: Numerical optimization, 2nd edition, 2006, algorithms 7.4 and 7.5.

Not ``scipy.optimize.minimize(method="L-BFGS-B")``: it keeps the pairs of steps and gradient changes to itself, so that
a training in slices would begin again without them in every slice, and a resumed one would not give the same bits. It
would also bring SciPy into the image.
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
"""Pairs of steps and gradient changes that are kept."""
CHUNK = 4096
"""Rows that are computed together: enough for fast matrix products, few enough to bound the memory."""
FLAT = 1e-12
"""The largest entry of a gradient that counts as zero."""


class Objective:
    """The mean loss of all rows, plus half the weight decay times the sum of the squared weights.

    Args:
        gradient: of batches.
        rows: the number of rows.
        weight_decay: factor of the penalty; biases have none.
    """

    def __init__(self, gradient: LossGradient, rows: int, weight_decay: float) -> None:
        self._gradient = gradient
        self._rows = np.arange(rows)
        self._penalty = weight_decay * gradient.weights

    def __call__(self, params: Array, *, step: float = 0.0, direction: Array | None = None) -> Point:
        """Evaluate.

        Args:
            params: where, shape (paramdim,).
            step: for the result.
            direction: for the slope of the result, shape (paramdim,); without it the slope is 0.
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
        inputs: shape (n, indim).
        targets: shape (n, outdim); for softmax outputs each row adds up to 1.
        options: only the weight decay is used.
        seed: not used; nothing is random.
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

        Where no step lowers the loss, the parameters stay as they are.
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
        """Return the point at the network's parameters: the last one, unless they were changed in between."""
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
            self._pairs.clear()  # once more, along the gradient

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
        """Return minus the gradient times the approximate inverse Hessian (algorithm 7.4)."""
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
        """Continue from a state that ``state_dict`` returned."""
        self._epoch = whole_number(state, "epoch")
        steps, changes = np.array(state["steps"], dtype=float), np.array(state["changes"], dtype=float)
        self._pairs = deque(zip(steps, changes, strict=True), maxlen=PAIRS)
        self._point = None
