"""Repeats noisy evaluations as often as needed to rank the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class AdaptiveResampler:
    """A noisy function averaged over an adaptive number of calls.

    After every `batchsize` evaluations, the rankings by two halves of the repetitions are
    compared. If they agree too little, the number of repetitions increases, otherwise it decreases.

    Args:
        f: the noisy function of one point.
        batchsize: number of evaluations between two adaptations.
        update_factor: factor applied to the number of repetitions.
        threshold: accepted fraction of pairs in a different order.
        max_resampling: maximum number of repetitions; None for no limit.
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
        """Return the mean of the current number of calls."""
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
