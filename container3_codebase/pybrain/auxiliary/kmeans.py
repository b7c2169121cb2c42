"""Clustering by k-means with careful seeding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pybrain._typing import Array, ArrayLike, IntArray


def kinit(X: ArrayLike, k: int) -> Array:
    """Choose k points as first centres (k-means++, Arthur and Vassilvitskii 2007).

    The first is drawn uniformly, each of the others with probability proportional to the squared
    distance to the nearest centre so far.

    Args:
        X: points, shape (n, d).
        k: number of centres, 1 .. n.

    Returns:
        Centres, shape (k, d).
    """
    X = np.asarray(X, dtype=float)
    if not 1 <= k <= len(X):
        raise ValueError(f"between 1 and {len(X)} centres can be chosen from {len(X)} points, not {k}")
    centres = [X[np.random.randint(len(X))]]
    nearest = ((X - centres[0]) ** 2).sum(axis=1)
    for _ in range(1, k):
        total = nearest.sum()
        # If all points coincide with centres, any point will do.
        chances = nearest / total if total > 0 else None
        centres.append(X[np.random.choice(len(X), p=chances)])
        nearest = np.minimum(nearest, ((X - centres[-1]) ** 2).sum(axis=1))
    return np.array(centres)


def kmeanspp(Y: ArrayLike, k: int) -> tuple[Array, IntArray]:
    """Cluster points by k-means (Lloyd's iteration), seeded by `kinit`.

    Args:
        Y: points, shape (n, d).
        k: number of clusters.

    Returns:
        (centres, labels): shapes (k, d) and (n,).
    """
    Y = np.asarray(Y, dtype=float)
    centres = kinit(Y, k)
    labels = None
    while True:
        distances = ((Y[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
        nearest = distances.argmin(axis=1)
        if labels is not None and np.array_equal(nearest, labels):
            return centres, labels
        labels = nearest
        for cluster in range(k):
            members = Y[labels == cluster]
            if len(members):
                centres[cluster] = members.mean(axis=0)
