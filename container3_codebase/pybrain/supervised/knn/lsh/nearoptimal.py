"""Near-optimal hashing for the Euclidean distance (Andoni and Indyk 2006)."""

from __future__ import annotations

from collections import defaultdict
from math import ceil, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import AnyArray, Array, ArrayLike


# Points with more dimensions are projected to this many; otherwise too many balls would be needed to cover space.
_MOST_DIMENSIONS = 3


class MultiDimHash:
    """Buckets of points: near points are more likely to share a bucket than distant ones.

    Space is divided into hypercubes, all of which contain the same balls at random positions. The bucket of a point is
    its hypercube and the first ball that contains the point.

    Args:
        dim: number of dimensions of the points.
        omega: side length of a hypercube, in ball radii.
        prob: desired probability that a point is in a ball.

    Attributes:
        radius: radius of the balls, the fourth root of the number of dimensions.
        gridBalls: centres of the balls within a hypercube, shape (n, dimensions).
        projection: projection to fewer dimensions, shape (dimensions, dim); 1 if there is none.
        balls: bucket -> list of (point, associated data).
    """

    def __init__(self, dim: int, omega: float = 4, prob: float = 0.8) -> None:
        if not 0 < prob < 1:
            raise ValueError(f"a probability must be between 0 and 1, not {prob}")
        self.dim = dim
        self.omega = omega
        self.prob = prob
        dimensions = min(dim, _MOST_DIMENSIONS)
        self.projection: Any = 1
        if dimensions < dim:
            self.projection = np.random.standard_normal((dimensions, dim)) / sqrt(dimensions)
        self.radius = dimensions**0.25
        self.radiusSquared = sqrt(dimensions)
        self._side = self.radius * omega
        # Centres are up to a radius outside, so that a point at the border is in a ball as often as any other.
        span = self._side + 2 * self.radius
        share = _ballVolume(dimensions) * (self.radius / span) ** dimensions
        count = ceil(log(1 - prob) / log(1 - share))
        self.gridBalls = np.random.uniform(-self.radius, self._side + self.radius, (count, dimensions))
        self.balls: defaultdict[Any, list[tuple[Any, Any]]] = defaultdict(list)

    def _checked(self, point: ArrayLike) -> Array:
        point = np.asarray(point, dtype=float)
        if point.shape != (self.dim,):
            raise ValueError(f"points have {self.dim} dimensions; this has shape {point.shape}")
        return point

    def _findHypercube(self, point: ArrayLike) -> tuple[AnyArray, Array]:
        """Return the integer position of the hypercube, and the position of the point within it."""
        place = np.asarray(point, dtype=float)
        cube = np.floor(place / self._side)
        return cube.astype(int), place - cube * self._side

    def _findLocalBall(self, point: ArrayLike) -> int | None:
        """Return the index of the first ball that contains a position within a hypercube; None if there is none."""
        apart = ((self.gridBalls - np.asarray(point, dtype=float)) ** 2).sum(axis=1)
        inside = np.flatnonzero(apart <= self.radiusSquared)
        return int(inside[0]) if len(inside) else None

    def findBall(self, point: ArrayLike) -> tuple[tuple[int, ...], int | None]:
        """Return the bucket of a point: its hypercube and the index of the ball, or None if no ball contains it."""
        point = self._checked(point)
        cube, place = self._findHypercube(point if np.isscalar(self.projection) else self.projection @ point)
        return tuple(cube.tolist()), self._findLocalBall(place)

    def insert(self, point: ArrayLike, satellite: Any) -> None:
        """Store a point with associated data.

        Args:
            point: the point, shape (dim,).
            satellite: the associated data.
        """
        point = self._checked(point)
        self.balls[self.findBall(point)].append((point, satellite))

    def knn(self, point: ArrayLike, k: int) -> list[tuple[Any, Any]]:
        """Return (point, satellite) of up to k nearest points in the bucket, nearest first.

        Args:
            point: the query point, shape (dim,).
            k: maximum number of neighbours.
        """
        point = self._checked(point)
        bucket = self.balls.get(self.findBall(point), [])
        return sorted(bucket, key=lambda entry: float(np.linalg.norm(point - entry[0])))[:k]


def _ballVolume(dim: int) -> float:
    """Return the volume of the unit ball: 2, pi, 4/3 pi ..."""
    if dim == 0:
        return 1.0
    return 2.0 if dim == 1 else 2 * np.pi / dim * _ballVolume(dim - 2)
