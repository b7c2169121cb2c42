"""Random numbers from several distributions, drawn from NumPy's global generator."""

from __future__ import annotations

import numpy as np


class UniformVariate:
    """A uniform distribution between two limits."""

    def __init__(self, min_val: float = 0.0, max_val: float = 1.0) -> None:
        self.min_val = min_val
        self.max_val = max_val

    def getSample(self) -> float:
        """Return one random number."""
        return float(np.random.uniform(self.min_val, self.max_val))


class CauchyVariate:
    """A Cauchy distribution with median `x0` and half width `alpha`."""

    def __init__(self, x0: float = 0.0, alpha: float = 1.0) -> None:
        self.x0 = x0
        self.alpha = alpha

    def getSample(self) -> float:
        """Return one random number: x0 + alpha tan(pi (u - 1/2)) for u uniform between 0 and 1."""
        return float(self.x0 + self.alpha * np.tan(np.pi * (np.random.random() - 0.5)))


class GaussianVariate:
    """A normal distribution with mean `x0` and standard deviation `alpha`."""

    def __init__(self, x0: float = 0.0, alpha: float = 1.0) -> None:
        self.x0 = x0
        self.alpha = alpha

    def getSample(self) -> float:
        """Return one random number."""
        return float(np.random.normal(self.x0, self.alpha))
