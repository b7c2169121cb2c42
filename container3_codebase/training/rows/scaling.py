"""The scaling of inputs and numeric targets: mean 0 and standard deviation 1 on the training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """The scaling of some columns: ``(x - mean) / scale``.

    Attributes:
        mean: shape (columns,).
        scale: shape (columns,); never 0.
    """

    mean: Array
    scale: Array

    @classmethod
    def fitted(cls, values: Array) -> Scaling:
        """Return the scaling of training rows: their mean, and their standard deviation (divided by n).

        A column that is constant in these rows keeps the scale 1.

        Args:
            values: shape (n, columns).
        """
        # Not by the deviation, which rounding may leave a little above 0.
        constant = values.max(axis=0) == values.min(axis=0)
        return cls(values.mean(axis=0), np.where(constant, 1.0, values.std(axis=0)))

    @classmethod
    def none(cls, columns: int) -> Scaling:
        """Return the scaling that changes nothing."""
        return cls(np.zeros(columns), np.ones(columns))

    def scaled(self, values: Array) -> Array:
        """Return values, shape (n, columns), as the network sees them."""
        result: Array = (values - self.mean) / self.scale
        return result
