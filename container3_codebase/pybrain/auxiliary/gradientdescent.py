"""Rules that turn a direction of improvement into new parameter values.

All rules ascend the gradient that they receive. PyBrain's derivatives are minus the gradient of the
error, so following them lowers the error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain._portable import PortableState

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array, ArrayLike


class GradientDescent(PortableState):
    """Gradient descent with momentum and a decaying learning rate, or Rprop-.

    With the gradient g of each call:
        v <- momentum * v + alpha * g,  values <- values + v,  alpha <- alpha * alphadecay.
    With `rprop` set (Riedmiller and Braun 1993, without weight backtracking), for each value
        values <- values + sign(g) * theta, then
        theta <- clip(theta * etaplus)  where the sign of g is that of the last g,
        theta <- clip(theta * etaminus) where it is not; the stored last g is 0 there.

    Attributes:
        alpha: learning rate, after all decays so far.
        alphadecay: factor applied to alpha after each call, that is after each update, not each epoch.
        momentum: fraction of the last step that is added to the next.
        deltanull, deltamin, deltamax: initial, minimum and maximum step size of Rprop.
        etaplus, etaminus: factors by which Rprop increases and decreases a step.
        values: the current values, shape (n,); set by `init`.
    """

    def __init__(self) -> None:
        self.alpha = 0.1
        self.alphadecay = 1.0
        self.momentum = 0.0
        self.momentumvector: Any = None
        self.rprop = False
        self.deltamax = 5.0
        self.deltamin = 0.01
        self.deltanull = 0.1
        self.etaplus = 1.2
        self.etaminus = 0.5
        self.lastgradient: Any = None

    def init(self, values: ArrayLike) -> None:
        """Start from new values, without memory of earlier steps.

        Args:
            values: the values to improve, shape (n,); copied.
        """
        self.values = np.array(values, dtype=float)
        if self.rprop:
            self.lastgradient = np.zeros_like(self.values)
            self.rprop_theta = np.full_like(self.values, self.deltanull)
            self.momentumvector = None
        else:
            self.lastgradient = None
            self.momentumvector = np.zeros_like(self.values)

    def __call__(self, gradient: ArrayLike, error: float | None = None) -> Array:
        """Take one step and return the new values (the internal array; copy it to keep it).

        Args:
            gradient: direction of improvement, shape (n,).
            error: not used by this rule.
        """
        gradient = np.asarray(gradient, dtype=float)
        if gradient.shape != self.values.shape:
            raise ValueError(f"the gradient has {gradient.size} entries, the values have {self.values.size}")
        if self.rprop:
            return self._rprop(gradient)
        self.momentumvector *= self.momentum
        self.momentumvector += self.alpha * gradient
        self.alpha *= self.alphadecay
        self.values += self.momentumvector
        return self.values

    def descent(self, gradient: ArrayLike, error: float | None = None) -> Array:
        """Take one step, like calling the object.

        Args:
            gradient: direction of improvement, shape (n,).
            error: not used by this rule.
        """
        return self(gradient, error)

    def _rprop(self, gradient: Array) -> Array:
        # As in PyBrain, the step is taken first, and its size is then adapted for the next one.
        self.values += np.sign(gradient) * self.rprop_theta
        agreement = self.lastgradient * gradient
        self.rprop_theta[agreement > 0] *= self.etaplus
        self.rprop_theta[agreement < 0] *= self.etaminus
        np.clip(self.rprop_theta, self.deltamin, self.deltamax, out=self.rprop_theta)
        # After a change of sign the next step neither grows nor shrinks.
        self.lastgradient = np.where(agreement < 0, 0.0, gradient)
        return self.values


class NaturalGradient(PortableState):
    """Natural gradient (Amari 1998): the gradient times the inverse of the Fisher information.

    The Fisher information is estimated as the mean of g g^T over the last gradients g.

    Args:
        samplesize: number of gradients in the estimate.
    """

    def __init__(self, samplesize: int) -> None:
        self.alpha = 1
        self.samplesize = samplesize
        self.samples: list[Array] = []

    def init(self, values: ArrayLike) -> None:
        """Start from new values, shape (n,)."""
        self.values = np.array(values, dtype=float)
        self.samples = []

    def __call__(self, gradient: ArrayLike, error: float | None = None) -> Array:
        """Take one step and return the new values, shape (n,)."""
        gradient = np.asarray(gradient, dtype=float)
        self.samples = [*self.samples, gradient][-self.samplesize :]
        samples = np.array(self.samples)
        fisher = samples.T @ samples / len(samples)
        # With fewer samples than values the estimate is singular; the pseudo-inverse then moves
        # only in directions that have occurred.
        self.values += self.alpha * (np.linalg.pinv(fisher) @ gradient)
        return self.values


class IRpropPlus(PortableState):
    """iRprop+ (Igel and Huesken 2000): Rprop that reverts a step only if the error grew.

    Args:
        upfactor: factor applied to a step while the sign of its gradient stays the same.
        downfactor: factor applied to a step when the sign changes.
        bound: maximum step size.
    """

    def __init__(self, upfactor: float = 1.1, downfactor: float = 0.9, bound: float = 0.5) -> None:
        self.upfactor = upfactor
        self.downfactor = downfactor
        self.bound = bound

    def init(self, values: ArrayLike) -> None:
        """Start from new values, shape (n,)."""
        self.values = np.array(values, dtype=float)
        self.lastgradient = np.zeros_like(self.values)
        self.laststep = np.zeros_like(self.values)
        self.delta = np.full_like(self.values, min(0.1, self.bound))
        self.lasterror = np.inf

    def __call__(self, gradient: ArrayLike, error: float) -> Array:
        """Take one step and return the new values.

        Args:
            gradient: direction of improvement, shape (n,).
            error: the error at the current values, to be compared with the one before.
        """
        gradient = np.asarray(gradient, dtype=float)
        agreement = self.lastgradient * gradient
        turned = agreement < 0
        self.delta[agreement > 0] *= self.upfactor
        self.delta[turned] *= self.downfactor
        np.minimum(self.delta, self.bound, out=self.delta)
        step = np.where(
            turned, -self.laststep if error > self.lasterror else 0.0, np.sign(gradient) * self.delta
        )
        self.values += step
        self.laststep = np.where(turned, 0.0, step)
        self.lastgradient = np.where(turned, 0.0, gradient)
        self.lasterror = error
        return self.values
