"""The steps of Evolino, each a filter on a population."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np

from pybrain.supervised.evolino.gfilter import Filter, SimpleMutation
from pybrain.supervised.evolino.variate import CauchyVariate
from pybrain.tools.kwargsprocessor import KWArgsProcessor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pybrain._typing import Array
    from pybrain.datasets.supervised import SupervisedDataSet


class EvolinoEvaluation(Filter):
    """Assigns every team its fitness: minus the mean squared error of its network's continuations.

    Each sequence is split. The first part sets the state of the network. The output weights are
    computed on the rest, with the target outputs fed back; then the network continues the first
    part on its own, and its outputs are compared with the rest.

    Args:
        evolino_network: a `pybrain.structure.modules.evolinonetwork.EvolinoNetwork`.
        dataset: the sequences, whose targets are to be continued.
        wtRatio: fraction of each sequence that is the first part.
        verbosity: above 1, print every fitness.

    Attributes:
        max_fitness: the maximum fitness of the last generation; minus infinity before the first.
    """

    verbosity: int
    wtRatio: float

    def __init__(self, evolino_network: Any, dataset: SupervisedDataSet, **kwargs: Any) -> None:
        options = KWArgsProcessor(self, kwargs)
        options.add("verbosity", default=0)
        options.add("wtRatio", default=1 / 3)
        self.network = evolino_network
        self.dataset = dataset
        self.max_fitness = -np.inf
        self._best: Any = None
        self._bestFitness = -np.inf

    def apply(self, population: Any) -> None:
        """Set the fitness of all teams, and leave the network with the weights of the best team so far."""
        population.clearFitness()
        self.max_fitness = -np.inf
        for individual in population.getIndividuals():
            self.network.setGenome(individual.getGenome())
            fitness = self._evaluateNet()
            if self.verbosity > 1:
                print(f"fitness: {fitness:g}")
            self.max_fitness = max(self.max_fitness, fitness)
            if fitness > self._bestFitness or self._best is None:
                self._bestFitness = fitness
                self._best = deepcopy(individual.getGenome()), np.array(self.network.getOutputWeightMatrix())
            population.setIndividualFitness(individual, fitness)
        self.network.setGenome(self._best[0])
        self.network.setOutputWeightMatrix(self._best[1])

    def _parts(self) -> Iterator[tuple[Array, Array]]:
        """Iterate over (first part, rest) of the targets of all sequences."""
        for sequence in self.dataset._provideSequences():
            targets = np.array([sample[1] for sample in sequence])
            length = max(1, int(len(targets) * self.wtRatio))
            if length >= len(targets):
                raise ValueError(
                    f"a sequence of {len(targets)} steps leaves nothing to learn after {length} steps"
                )
            yield targets[:length], targets[length:]

    def _evaluateNet(self) -> float:
        states, wanted = [], []
        for first, rest in self._parts():
            self.network.reset()
            self.network.washout(first)
            states.append(self.network.washout(rest))
            wanted.append(rest)
        solution = np.linalg.lstsq(np.concatenate(states), np.concatenate(wanted), rcond=None)[0]
        self.network.setOutputWeightMatrix(solution.T)
        errors = [self.network.extrapolate(first, len(rest)) - rest for first, rest in self._parts()]
        with np.errstate(over="ignore"):
            fitness = -float(np.mean(np.concatenate(errors) ** 2))
        # A network that diverges on its own has the worst fitness; this is not an error.
        return fitness if np.isfinite(fitness) else -np.finfo(float).max


class EvolinoSelection(Filter):
    """Keeps the best of every subpopulation.

    Args:
        nParents: number of individuals to keep; a quarter by default.
    """

    nParents: int | None

    def __init__(self, **kwargs: Any) -> None:
        KWArgsProcessor(self, kwargs).add("nParents", default=None)
        self.sub_selection = EvolinoSubSelection(nParents=self.nParents)

    def apply(self, population: Any) -> None:
        """Remove all but the best individuals."""
        self.sub_selection.nParents = self.nParents
        for sub in population.getSubPopulations():
            self.sub_selection.apply(sub)


class EvolinoReproduction(Filter):
    """Fills every subpopulation with mutated copies of the remaining individuals; options as for the mutation."""

    def __init__(self, **kwargs: Any) -> None:
        self._kwargs = kwargs

    def apply(self, population: Any) -> None:
        """Add the children to every subpopulation."""
        for sub in population.getSubPopulations():
            EvolinoSubReproduction(**self._kwargs).apply(sub)


class EvolinoBurstMutation(Filter):
    """Replaces each subpopulation by its best individual and mutated copies of it.

    The options are those of the mutation.
    """

    def __init__(self, **kwargs: Any) -> None:
        self._kwargs = kwargs

    def apply(self, population: Any) -> None:
        """Replace all individuals but the best with mutated copies of it."""
        for sub in population.getSubPopulations():
            EvolinoSubSelection(nParents=1).apply(sub)
            EvolinoSubReproduction(**self._kwargs).apply(sub)


class EvolinoSubSelection(Filter):
    """Keeps the best of one subpopulation.

    Args:
        nParents: number of individuals to keep; a quarter by default.
    """

    def __init__(self, nParents: int | None = None) -> None:
        self.nParents = nParents

    def apply(self, population: Any) -> None:
        """Remove all but the best individuals."""
        size = len(population.getIndividuals())
        keep = max(1, size // 4) if self.nParents is None else self.nParents
        population.removeWorstIndividuals(max(0, size - keep))


class EvolinoSubReproduction(Filter):
    """Fills one subpopulation with mutated copies of the remaining individuals; options as for the mutation."""

    def __init__(self, **kwargs: Any) -> None:
        self._kwargs = kwargs

    def apply(self, population: Any) -> None:
        """Add children of the parents in turn, the fittest first, until the population is full."""
        parents = population.getBestIndividualsSorted(len(population.getIndividuals()))
        mutation = EvolinoSubMutation(**self._kwargs)
        for index in range(population.getMaxNIndividuals() - len(parents)):
            child = parents[index % len(parents)].copy()
            mutation._manipulateGenome(child.getGenome())
            population.addIndividual(child)


class EvolinoSubMutation(SimpleMutation):
    """Adds Cauchy-distributed numbers to the genomes.

    Args:
        mutationVariate: a distribution to use instead of the Cauchy distribution.
    """

    def __init__(self, **kwargs: Any) -> None:
        SimpleMutation.__init__(self)
        options = KWArgsProcessor(self, kwargs)
        options.add("mutationVariate", default=CauchyVariate(0, 0.001))
