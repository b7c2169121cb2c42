"""Near-optimal hashing for the Euclidean distance (Andoni and Indyk 2006)."""

from __future__ import annotations

from collections import defaultdict
from math import ceil, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array, ArrayLike


class MultiDimHash:
    """Buckets of points: near ones share a bucket more often than far ones.

    A point is projected at random to a few dimensions, which are covered by randomly shifted
    grids of balls of radius `omega`; its bucket is the first ball that holds it.

    Args:
        dim: dimensions of the points.
        omega: radius of the balls; the centres of a grid are 4 omega apart.
        prob: wanted probability that a point lies in a ball of one of the grids.
    """

    def __init__(self, dim: int, omega: float = 4, prob: float = 0.8) -> None:
        if not 0 < prob < 1:
            raise ValueError(f"a probability must lie between 0 and 1, not {prob}")
        self.dim = dim
        self.radius = omega
        self.radiusSquared = omega**2
        # Few dimensions, or the number of grids that cover them grows beyond use.
        self.projectionDim = max(1, min(dim, round(sqrt(log(dim + 1)))))
        self.projection = np.random.standard_normal((self.projectionDim, dim)) / sqrt(self.projectionDim)
        self.gridWidth = 4.0 * omega
        share = _ballVolume(self.projectionDim) / 4.0**self.projectionDim
        self.gridCount = ceil(log(1 - prob) / log(1 - share))
        self.gridPoints = np.random.uniform(0, self.gridWidth, (self.gridCount, self.projectionDim))
        self.balls: defaultdict[Any, list[tuple[Any, Any]]] = defaultdict(list)

    def _checked(self, point: ArrayLike) -> Array:
        point = np.asarray(point, dtype=float)
        if point.shape != (self.dim,):
            raise ValueError(f"points have {self.dim} dimensions; this has shape {point.shape}")
        return point

    def findBall(self, point: ArrayLike) -> tuple[int, tuple[int, ...]]:
        """Return the bucket of a point: (grid, centre); (-1, ()) where no ball holds it."""
        projected = self.projection @ self._checked(point)
        for grid, shift in enumerate(self.gridPoints):
            centre = np.round((projected - shift) / self.gridWidth)
            if ((projected - shift - centre * self.gridWidth) ** 2).sum() <= self.radiusSquared:
                return grid, tuple(centre.astype(int).tolist())
        return -1, ()

    def insert(self, point: ArrayLike, satellite: Any) -> None:
        """Store a point with anything that belongs to it."""
        point = self._checked(point)
        self.balls[self.findBall(point)].append((point, satellite))

    def knn(self, point: ArrayLike, k: int) -> list[tuple[Any, Any]]:
        """Return (point, satellite) of the up to k nearest points of the bucket, nearest first."""
        point = self._checked(point)
        bucket = self.balls.get(self.findBall(point), [])
        return sorted(bucket, key=lambda entry: float(np.linalg.norm(point - entry[0])))[:k]


def _ballVolume(dim: int) -> float:
    """Return the volume of the unit ball: 2, pi, 4/3 pi ..."""
    if dim == 0:
        return 1.0
    return 2.0 if dim == 1 else 2 * np.pi / dim * _ballVolume(dim - 2)
