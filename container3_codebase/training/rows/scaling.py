"""Scale inputs and numeric targets to mean 0 and standard deviation 1 on the training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """The scaling of some columns: ``(x - mean) / scale``.

    Attributes:
        mean: the means, shape (columns,).
        scale: the standard deviations, shape (columns,); never 0.
    """

    mean: Array
    scale: Array

    @classmethod
    def fitted(cls, values: Array) -> Scaling:
        """Fit the scaling to training rows: their mean, and their standard deviation (divided by n).

        A column that is constant in these rows has the scale 1.

        Args:
            values: the training rows, shape (n, columns).
        """
        # Do not test the deviation, which rounding may leave slightly above 0.
        constant = values.max(axis=0) == values.min(axis=0)
        return cls(values.mean(axis=0), np.where(constant, 1.0, values.std(axis=0)))

    @classmethod
    def none(cls, columns: int) -> Scaling:
        """Return the identity scaling."""
        return cls(np.zeros(columns), np.ones(columns))

    def scaled(self, values: Array) -> Array:
        """Return the scaled values, shape (n, columns)."""
        result: Array = (values - self.mean) / self.scale
        return result
