"""Ranking functions: weights that depend on the order of fitness values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.utilities import Named

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


def rankedFitness(R: Any) -> Array:
    """Return the rank of each fitness, 0 for the smallest, shape (n,)."""
    R = np.asarray(R)
    ranks = np.empty(len(R))
    ranks[np.argsort(R, kind="stable")] = np.arange(len(R))
    return ranks


def normalizedFitness(R: Any) -> Array:
    """Return the fitnesses, shape (n,), with mean 0 and standard deviation 1; all 0 if they are equal."""
    R = np.asarray(R, dtype=float)
    spread = R.std()
    return (R - R.mean()) / spread if spread > 0 else np.zeros_like(R)


def _toSum(weights: Array) -> Array:
    return weights / weights.sum()


def _toMax(weights: Array) -> Array:
    return weights / weights.max()


class RankingFunction(Named):
    """Assigns each fitness a weight by its rank; called with fitnesses, shape (n,).

    Args:
        **args: attributes of the subclass.
    """

    def __init__(self, **args: Any) -> None:
        self.setArgs(**args)

    def __call__(self, R: Any) -> Array:
        """Return ranks scaled to 0 .. 1."""
        return rankedFitness(R) / max(1, len(R) - 1)


class TournamentSelection(RankingFunction):
    """The probability that each individual takes part in a random tournament and wins it.

    With n individuals, drawn with replacement, the one with rank r (from 0) wins a tournament of
    size t with probability ((r+1)/n)^t - (r/n)^t.
    """

    tournamentSize = 2

    def __call__(self, R: Any) -> Array:
        """Return the probabilities of winning, which sum to 1."""
        ranks = rankedFitness(R)
        n, t = len(ranks), self.tournamentSize
        return ((ranks + 1) / n) ** t - (ranks / n) ** t


class SmoothGiniRanking(RankingFunction):
    """Weights r^p plus a linear part, for ranks r scaled to 0 .. 1; a smaller `gini` favours the best more.

    p = 2/gini - 1; the largest weight is 1.
    """

    gini = 0.1
    linearComponent = 0.0

    def __call__(self, R: Any) -> Array:
        """Return weights of at most 1."""
        powers = RankingFunction.__call__(self, R) ** (2.0 / self.gini - 1.0)
        return _toMax((1 - self.linearComponent) * powers + self.linearComponent * rankedFitness(R))


class ExponentialRanking(RankingFunction):
    """Weights exp(temperature * r) for ranks r scaled to 0 .. 1."""

    temperature = 10.0

    def __call__(self, R: Any) -> Array:
        """Return weights from 1 to exp(temperature)."""
        return np.exp(RankingFunction.__call__(self, R) * self.temperature)


class HansenRanking(RankingFunction):
    """The unscaled weights of CMA-ES: log(n/2 + 1) - log(position), 0 for the worse half (Hansen 2006)."""

    def __call__(self, R: Any) -> Array:
        """Return weights of at least 0."""
        places = len(R) - rankedFitness(R)
        weights: Array = np.maximum(0.0, np.log(len(R) / 2 + 1) - np.log(places))
        return weights


class TopSelection(RankingFunction):
    """Weight 1 for the best, at least one of them; 0 for the others."""

    topFraction = 0.1

    def __call__(self, R: Any) -> Array:
        """Return weights of 0 or 1."""
        best = max(1, int(len(R) * self.topFraction))
        return (rankedFitness(R) >= len(R) - best).astype(float)


class TopLinearRanking(TopSelection):
    """Weights that grow linearly with the rank among the best, from 0 to 1; 0 for the others."""

    topFraction = 0.2

    def __call__(self, R: Any) -> Array:
        """Return weights of at most 1."""
        best = max(2, int(len(R) * self.topFraction))
        return _toMax(np.maximum(0.0, rankedFitness(R) - (len(R) - best)))

    def getPossibleParameters(self, numberOfSamples: int) -> Any:
        """Return the fractions that select 2, 3, ... numberOfSamples samples."""
        return np.arange(2.0, numberOfSamples + 1) / numberOfSamples

    def setParameter(self, p: float) -> None:
        """Set the fraction of the best that is selected."""
        self.topFraction = p


class BilinearRanking(RankingFunction):
    """Weights that grow linearly with the rank, `bilinearFactor` + 1 times as fast in the best fifth."""

    bilinearFactor = 20

    def __call__(self, R: Any) -> Array:
        """Return weights of at most 1."""
        ranks = rankedFitness(R)
        return _toMax(ranks + self.bilinearFactor * np.maximum(0.0, ranks - int(0.8 * len(R))))
