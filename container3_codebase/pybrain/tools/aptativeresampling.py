"""Repeat noisy evaluations as often as the order of their results needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class AdaptiveResampler:
    """A noisy function averaged over a number of calls that adapts.

    After every `batchsize` evaluations the orders that two halves of the repetitions give are
    compared. Where they agree too little, the number of repetitions grows, else it shrinks.

    Args:
        f: the noisy function of one point.
        batchsize: evaluations between two adaptations.
        update_factor: factor on the number of repetitions.
        threshold: share of pairs in a different order that is still accepted.
        max_resampling: greatest number of repetitions, or None.
    """

    def __init__(
        self,
        f: Callable[[Any], float],
        batchsize: int,
        update_factor: float = 1.5,
        threshold: float = 0.2,
        max_resampling: int | None = None,
    ) -> None:
        self.f = f
        self.batchsize = batchsize
        self.update_factor = update_factor
        self.threshold = threshold
        self.max_resampling = max_resampling
        self.resample_over = 2.0
        self._halves: list[Any] = []

    def __call__(self, x: Any) -> float:
        """Return the mean of as many calls as are needed at present."""
        values = [self.f(x) for _ in range(max(2, int(self.resample_over)))]
        self._halves.append((np.mean(values[::2]), np.mean(values[1::2])))
        if len(self._halves) >= self.batchsize:
            self._adapt()
        return float(np.mean(values))

    def _adapt(self) -> None:
        first, second = np.array(self._halves).T
        self._halves = []
        pairs = np.triu_indices(len(first), k=1)
        orders = [np.sign(half[pairs[0]] - half[pairs[1]]) for half in (first, second)]
        disagreement = np.mean(orders[0] != orders[1]) if len(pairs[0]) else 0.0
        factor = self.update_factor if disagreement > self.threshold else 1 / self.update_factor
        self.resample_over = max(2.0, self.resample_over * factor)
        if self.max_resampling is not None:
            self.resample_over = min(self.resample_over, self.max_resampling)


def testnes() -> Any:
    """Run a natural evolution strategy on a resampled function; needs `pybrain.optimization`."""
    import pybrain.optimization as optimization

    def noisy(x: Any) -> Any:
        return -float(np.sum(np.asarray(x) ** 2)) + np.random.randn()

    return vars(optimization)["SNES"](AdaptiveResampler(noisy, 10), np.ones(2), maxEvaluations=500).learn()


vars(testnes)["__test__"] = False
