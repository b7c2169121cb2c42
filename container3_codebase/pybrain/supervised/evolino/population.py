"""The populations of Evolino: one subpopulation per chromosome."""

from __future__ import annotations

from copy import deepcopy
from random import choice
from typing import TYPE_CHECKING

from pybrain.supervised.evolino.gfilter import Randomization
from pybrain.supervised.evolino.gpopulation import Population, SimplePopulation
from pybrain.supervised.evolino.individual import EvolinoIndividual, EvolinoSubIndividual
from pybrain.tools.kwargsprocessor import KWArgsProcessor

if TYPE_CHECKING:
    from typing import Any

    from pybrain.supervised.evolino.gfilter import Filter


# Initial values of the chromosomes, unless others are asked for.
_SMALL = Randomization(-0.1, 0.1)


class EvolinoPopulation(Population):
    """Teams put together at random from subpopulations.

    Args:
        individual: gives the shape: its genome has one chromosome per subpopulation.
        subPopulationSize: individuals in each subpopulation.
        nCombinations: in how many teams each of them takes part.
        valueInitializer: fills the chromosomes with first values.
    """

    def __init__(
        self,
        individual: Any,
        subPopulationSize: int,
        nCombinations: int = 1,
        valueInitializer: Filter = _SMALL,
        **kwargs: Any,
    ) -> None:
        self._nCombinations = nCombinations
        self._subPopulations = [
            EvolinoSubPopulation(chromosome, subPopulationSize, valueInitializer, **kwargs)
            for chromosome in individual.getGenome()
        ]

    def getIndividuals(self) -> Any:
        """Return teams such that every individual takes part in `nCombinations` of them."""
        teams = []
        for _ in range(self._nCombinations):
            members = [list(population.getIndividuals()) for population in self._subPopulations]
            while all(members):
                teams.append(EvolinoIndividual([one.pop(one.index(choice(one))) for one in members]))
        return teams

    def getSubPopulations(self) -> list[Any]:
        """Return a list of the subpopulations."""
        return list(self._subPopulations)

    def setIndividualFitness(self, individual: Any, fitness: float) -> None:
        """Add the fitness of a team to that of each of its members."""
        for population, member in zip(self._subPopulations, individual.getSubIndividuals(), strict=True):
            population.addIndividualFitness(member, fitness)

    def clearFitness(self) -> None:
        """Clear the fitness of all individuals."""
        for population in self._subPopulations:
            population.clearFitness()


class EvolinoSubPopulation(SimplePopulation):
    """Chromosomes for one hidden neuron; the fitness of one is the mean over its teams.

    Args:
        chromosome: gives the length.
        maxNIndividuals: size of the population.
        valueInitializer: fills the chromosomes with first values.
        prototype: an individual to make all others of, instead of `chromosome`.
    """

    def __init__(
        self, chromosome: list[Any], maxNIndividuals: int, valueInitializer: Filter = _SMALL, **kwargs: Any
    ) -> None:
        SimplePopulation.__init__(self)
        self._prototype = EvolinoSubIndividual(deepcopy(chromosome))
        self._maxNIndividuals = maxNIndividuals
        self._valueInitializer = valueInitializer
        self.setArgs(**kwargs)
        for _ in range(maxNIndividuals):
            self.addIndividual(self._prototype.copy())
        self._valueInitializer.apply(self)
        self._teams: dict[Any, list[float]] = {}

    def setArgs(self, **kwargs: Any) -> None:
        """Set options: `prototype`."""
        KWArgsProcessor(self, kwargs).add("prototype", private=True, default=self._prototype)

    def getMaxNIndividuals(self) -> int:
        """Return the size that the population keeps."""
        return self._maxNIndividuals

    def clearFitness(self) -> None:
        """Clear the fitness of all individuals."""
        SimplePopulation.clearFitness(self)
        self._teams = {}

    def addIndividualFitness(self, individual: Any, fitness: float) -> None:
        """Let the fitness of one more team count for an individual."""
        teams = self._teams.setdefault(individual, [])
        teams.append(fitness)
        self.setIndividualFitness(individual, sum(teams) / len(teams))
