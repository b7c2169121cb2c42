"""From fitnesses to weights that depend on their order."""

import numpy as np

from pybrain.utilities import Named


def rankedFitness(R):
    """Return the rank of each fitness, 0 for the least, shape (n,)."""
    R = np.asarray(R)
    ranks = np.empty(len(R), dtype=int)
    ranks[np.argsort(R, kind="stable")] = np.arange(len(R))
    return ranks


def normalizedFitness(R):
    """Return the fitnesses, shape (n,), scaled to 0 .. 1; all 0 where they are equal."""
    R = np.asarray(R, dtype=float)
    spread = R.max() - R.min()
    return (R - R.min()) / spread if spread > 0 else np.zeros_like(R)


def _normalized(weights):
    return weights / weights.sum()


class RankingFunction(Named):
    """Gives each fitness a weight by its rank; called with fitnesses, shape (n,).

    Args:
        **args: attributes of the subclass.
    """

    def __init__(self, **args):
        self.setArgs(**args)

    def __call__(self, R):
        """Return ranks scaled to 0 .. 1."""
        return rankedFitness(R) / max(1, len(R) - 1)


class TournamentSelection(RankingFunction):
    """The share of random tournaments that each takes part in and wins.

    With n participants, drawn with replacement, the one of rank r (from 0) wins a tournament of
    size t with probability ((r+1)/n)^t - (r/n)^t.
    """

    tournamentSize = 2

    def __call__(self, R):
        """Return the chances of winning, summing to 1."""
        ranks = rankedFitness(R)
        n, t = len(ranks), self.tournamentSize
        return ((ranks + 1) / n) ** t - (ranks / n) ** t


class SmoothGiniRanking(RankingFunction):
    """Weights rank^p with p chosen so that their inequality is `gini`, mixed with a linear ranking."""

    gini = 0.1
    linearComponent = 0.0

    def __call__(self, R):
        """Return weights that sum to 1."""
        ranks = (rankedFitness(R) + 1.0) / len(R)
        # The Gini coefficient of x^p on 0 .. 1 is p/(p+2).
        power = 2 * self.gini / (1 - self.gini)
        return (1 - self.linearComponent) * _normalized(ranks**power) + self.linearComponent * _normalized(ranks)


class ExponentialRanking(RankingFunction):
    """Weights that grow exponentially with the rank."""

    temperature = 10.0

    def __call__(self, R):
        """Return weights that sum to 1."""
        return _normalized(np.exp(RankingFunction.__call__(self, R) * self.temperature))


class HansenRanking(RankingFunction):
    """The weights of CMA-ES: log(n/2 + 1/2) - log(place), 0 for the worse half (Hansen 2006)."""

    def __call__(self, R):
        """Return weights that sum to 1."""
        places = len(R) - rankedFitness(R)
        return _normalized(np.maximum(0.0, np.log(len(R) / 2 + 0.5) - np.log(places)))


class TopSelection(RankingFunction):
    """Equal weights for the best, none for the others."""

    topFraction = 0.1

    def _best(self, R):
        return max(1, round(len(R) * self.topFraction))

    def __call__(self, R):
        """Return weights that sum to 1."""
        return _normalized((rankedFitness(R) >= len(R) - self._best(R)).astype(float))


class TopLinearRanking(TopSelection):
    """Weights that grow linearly with the rank among the best, none for the others."""

    topFraction = 0.2

    def __call__(self, R):
        """Return weights that sum to 1."""
        return _normalized(np.maximum(0.0, rankedFitness(R) + 1.0 - (len(R) - self._best(R))))

    def getPossibleParameters(self, numberOfSamples):
        """Return the fractions that differ for so many samples, shape (numberOfSamples,)."""
        return (np.arange(numberOfSamples) + 1.0) / numberOfSamples

    def setParameter(self, p):
        """Set the fraction of the best."""
        self.topFraction = p


class BilinearRanking(RankingFunction):
    """Linear weights with two slopes: the better half outweighs the other by `bilinearFactor`."""

    bilinearFactor = 20

    def __call__(self, R):
        """Return weights that sum to 1."""
        ranks = rankedFitness(R)
        half = len(R) // 2
        upper = ranks >= half
        weights = np.where(upper, half + (ranks - half + 1.0) * self.bilinearFactor, ranks + 1.0)
        return _normalized(weights)
