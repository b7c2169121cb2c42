"""Reuses samples of one distribution as samples of a slightly different one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def importanceMixing(
    oldpoints: Any,
    oldpdf: Callable[[Any], float],
    newpdf: Callable[[Any], float],
    newdistr: Callable[[], Any],
    forcedRefresh: float = 0.01,
) -> tuple[list[int], list[Any]]:
    """Keep as many old samples as possible, and draw the missing ones (Sun et al. 2009).

    An old point z is kept with probability min(1, (1-a) new(z)/old(z)); a newly drawn point is
    accepted with probability max(a, 1 - old(z)/new(z)), until there are as many points as before.
    Kept and new points together follow the new distribution.

    Args:
        oldpoints: the old samples.
        oldpdf: returns the old density at a point.
        newpdf: returns the new density at a point.
        newdistr: draws a point from the new distribution.
        forcedRefresh: a, the minimum fraction of points that are drawn again.

    Returns:
        (indices of the kept old points, list of new points).
    """
    reused = [
        index
        for index, point in enumerate(oldpoints)
        if np.random.random() < min(1.0, (1 - forcedRefresh) * newpdf(point) / oldpdf(point))
    ]
    if len(reused) == len(oldpoints) and forcedRefresh > 0 and reused:
        # Drawing at least one point keeps a batch from being evaluated again unchanged.
        reused.pop(np.random.randint(len(reused)))
    drawn: list[Any] = []
    while len(reused) + len(drawn) < len(oldpoints):
        point = newdistr()
        if np.random.random() < max(forcedRefresh, 1 - oldpdf(point) / newpdf(point)):
            drawn.append(point)
    return reused, drawn


def testImportanceMixing(popsize: int = 5000, forcedRefresh: float = 0.0) -> Any:
    """Mix samples of N(0,1) into samples of N(1,2) and print how many could be kept.

    Args:
        popsize: number of samples.
        forcedRefresh: the minimum fraction of points that are drawn again.

    Returns:
        (number of kept points, mean of all points, their variance).
    """

    def density(mean: Any, variance: Any) -> Any:
        return lambda x: np.exp(-0.5 * (x - mean) ** 2 / variance) / np.sqrt(2 * np.pi * variance)

    old = np.random.normal(0.0, 1.0, popsize)
    kept, drawn = importanceMixing(
        old, density(0.0, 1.0), density(1.0, 2.0), lambda: np.random.normal(1.0, np.sqrt(2.0)), forcedRefresh
    )
    points = np.concatenate([old[kept], np.array(drawn)])
    print(
        f"kept {len(kept)} of {popsize}; mean {points.mean():.3f}, variance {points.var():.3f} (expected: 1, 2)"
    )
    return len(kept), points.mean(), points.var()


# The name is PyBrain's; this tells test runners that it is not a test.
vars(testImportanceMixing)["__test__"] = False
