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


# Initial values of the chromosomes, unless others are specified.
_SMALL = Randomization(-0.1, 0.1)


class EvolinoPopulation(Population):
    """Teams drawn at random from subpopulations.

    Args:
        individual: determines the shape: its genome has one chromosome per subpopulation.
        subPopulationSize: number of individuals in each subpopulation.
        nCombinations: number of teams that each individual takes part in.
        valueInitializer: fills the chromosomes with initial values.
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
        """Add the fitness of a team to that of each of its members.

        Args:
            individual: the team.
            fitness: the fitness of the team.
        """
        for population, member in zip(self._subPopulations, individual.getSubIndividuals(), strict=True):
            population.addIndividualFitness(member, fitness)

    def clearFitness(self) -> None:
        """Clear the fitness of all individuals."""
        for population in self._subPopulations:
            population.clearFitness()


class EvolinoSubPopulation(SimplePopulation):
    """Chromosomes for one hidden neuron; the fitness of one is the mean over its teams.

    Args:
        chromosome: determines the length of the chromosomes.
        maxNIndividuals: size of the population.
        valueInitializer: fills the chromosomes with initial values.
        prototype: an individual from which all others are created, instead of `chromosome`.
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
        """Return the maximum size of the population."""
        return self._maxNIndividuals

    def clearFitness(self) -> None:
        """Clear the fitness of all individuals."""
        SimplePopulation.clearFitness(self)
        self._teams = {}

    def addIndividualFitness(self, individual: Any, fitness: float) -> None:
        """Add the fitness of another team to an individual's mean.

        Args:
            individual: the individual.
            fitness: the fitness of the team.
        """
        teams = self._teams.setdefault(individual, [])
        teams.append(fitness)
        self.setIndividualFitness(individual, sum(teams) / len(teams))
