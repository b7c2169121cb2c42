"""A one-dimensional mixture of Gaussians that is learned from rewards, with plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.tools.mixtures.mogpuremax import MixtureOfGaussians as PureMax

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class MixtureOfGaussians(PureMax):
    """Gaussians on 0 .. 1, combined by their sum or their maximum.

    Args:
        typ: 'sum' or 'max'.
        numOGaus: number of Gaussians.
        alphaA, alphaM, alphaS: learning rates of heights, centres and widths.
    """

    def __init__(
        self, typ: Any, numOGaus: int = 10, alphaA: float = 0.02, alphaM: float = 0.02, alphaS: float = 0.02
    ) -> None:
        if typ not in ("sum", "max"):
            raise ValueError(f"a mixture is of type 'sum' or 'max', not {typ!r}")
        PureMax.__init__(self, numOGaus, alphaA, alphaM, alphaS)
        self.typ = typ

    def getSample(self, x: float) -> Any:
        """Return the value of the mixture at a point."""
        values = self.getGaus(x)
        return float(values.sum() if self.typ == "sum" else values.max())

    def sample(self) -> Any:
        """Draw a point and return (point, its reward)."""
        x = self.drawSample()
        return x, self.testRewardFunction(x)

    def learn(self, x: float, y: float) -> None:
        """Move the value at x towards y by gradient descent.

        Args:
            x: the point.
            y: the target value.
        """
        if self.typ == "max":
            PureMax.learn(self, x, y)
            return
        values, heights, distance = self.getGaus(x), self.sigmo(self.alpha), x - self.mue
        error = y - values.sum()
        self.alpha += self.alphaA * error * values * (1 - heights)
        steps = self.alphaM * error * values * distance / self.sigma**2
        widths = self.sigma + self.alphaS * error * values * distance**2 / self.sigma**3
        self.mue += steps
        self.sigma = np.maximum(1e-3, widths)

    def testRewardFunction(self, x: float) -> Any:
        """Return a reward with a broad and a narrow peak, to try the mixture on."""
        return float(0.5 * self.getStND(x, 0.3, 0.15) + self.getStND(x, 0.8, 0.04))

    def _plot(self, function: Callable[[float], float]) -> Any:
        from pybrain.tools.plotting.network import pyplot

        axes = pyplot().figure().gca()
        x = np.linspace(0, 1, 200)
        axes.plot(x, [function(value) for value in x])
        return axes

    def plotGaussian(self) -> Any:
        """Draw the mixture with matplotlib; return the axes."""
        return self._plot(self.getSample)

    def plotReward(self) -> Any:
        """Draw the test reward with matplotlib; return the axes."""
        return self._plot(self.testRewardFunction)
