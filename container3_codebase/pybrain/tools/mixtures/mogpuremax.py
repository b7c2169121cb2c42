"""A one-dimensional mixture of Gaussians that moves towards points of high reward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any


class MixtureOfGaussians:
    """Gaussians on 0 .. 1, combined by their maximum.

    Args:
        numOGaus: number of Gaussians.
        alphaA, alphaM, alphaS: learning rates of heights, centres and widths.

    Attributes:
        alpha: heights before the sigmoid, shape (n,).
        mue: centres, shape (n,).
        sigma: widths, shape (n,).
    """

    def __init__(
        self, numOGaus: int = 10, alphaA: float = 0.02, alphaM: float = 0.02, alphaS: float = 0.02
    ) -> None:
        self.numOGaus = numOGaus
        self.alphaA, self.alphaM, self.alphaS = alphaA, alphaM, alphaS
        self.alpha = np.zeros(numOGaus)
        self.mue = np.linspace(0, 1, numOGaus)
        self.sigma = np.full(numOGaus, 1.0 / numOGaus)

    def getStND(self, x: Any, mue: Any = 0.0, sigma: Any = 1.0) -> Any:
        """Return exp(-(x-mue)^2 / (2 sigma^2)), a Gaussian of height 1.

        Args:
            x: the point.
            mue: the centre.
            sigma: the width.
        """
        return np.exp(-0.5 * ((x - mue) / sigma) ** 2)

    def getGaus(self, x: float) -> Any:
        """Return the height of every Gaussian at a point, shape (n,)."""
        return self.sigmo(self.alpha) * self.getStND(x, self.mue, self.sigma)

    def getSample(self, x: float) -> Any:
        """Return the value of the mixture at a point: that of the highest Gaussian."""
        return float(self.getGaus(x).max())

    def drawSample(self) -> Any:
        """Draw a point: a Gaussian with probability proportional to its height, then a normal number around it."""
        heights = self.sigmo(self.alpha)
        chosen = np.random.choice(self.numOGaus, p=heights / heights.sum())
        return float(np.clip(np.random.normal(self.mue[chosen], self.sigma[chosen]), 0.0, 1.0))

    def learn(self, x: float, y: float) -> None:
        """Move the value of the highest Gaussian at x towards y by gradient descent.

        Args:
            x: the point.
            y: the target value.
        """
        values = self.getGaus(x)
        best = int(values.argmax())
        error, distance, width = y - values[best], x - self.mue[best], self.sigma[best]
        height = self.sigmo(self.alpha[best])
        self.alpha[best] += self.alphaA * error * values[best] * (1 - height)
        self.mue[best] += self.alphaM * error * values[best] * distance / width**2
        self.sigma[best] = max(1e-3, width + self.alphaS * error * values[best] * distance**2 / width**3)

    def sigmo(self, a: Any) -> Any:
        """Return 1 / (1 + exp(-a))."""
        return 1.0 / (1.0 + np.exp(-np.asarray(a, dtype=float)))

    def invSigmo(self, a: Any) -> Any:
        """Return the inverse of `sigmo`: ln(a / (1-a))."""
        return np.log(np.asarray(a) / (1.0 - np.asarray(a)))
