"""Populations: individuals with their fitness."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Population:
    """The interface of populations; see `SimplePopulation` for an implementation."""

    def getIndividuals(self) -> Any:
        """Return the individuals."""
        raise NotImplementedError("a subclass must implement getIndividuals")

    def addIndividual(self, individual: Any) -> None:
        """Add an individual."""
        raise NotImplementedError("this population does not support adding individuals")

    def addIndividuals(self, individuals: Iterable[Any]) -> None:
        """Add several individuals."""
        for individual in list(individuals):
            self.addIndividual(individual)

    def removeIndividual(self, individual: Any) -> None:
        """Remove an individual."""
        raise NotImplementedError("this population does not support removing individuals")

    def removeIndividuals(self, individuals: Iterable[Any]) -> None:
        """Remove several individuals."""
        for individual in list(individuals):
            self.removeIndividual(individual)

    def setIndividualFitness(self, individual: Any, fitness: float) -> None:
        """Set the fitness of an individual.

        Args:
            individual: the individual.
            fitness: its fitness; larger is better.
        """
        raise NotImplementedError("this population does not store fitness values")

    def getIndividualFitness(self, individual: Any) -> float | None:
        """Return the fitness of an individual."""
        raise NotImplementedError("this population does not store fitness values")


class SimplePopulation(Population):
    """Individuals in the order in which they were added, each with its fitness if it is known."""

    def __init__(self) -> None:
        # A dictionary keeps its order, which makes runs reproducible; a set of objects does not.
        self._fitness: dict[Any, Any] = {}

    def getIndividuals(self) -> Any:
        """Return a list of the individuals."""
        return list(self._fitness)

    def addIndividual(self, individual: Any) -> None:
        """Add an individual of unknown fitness."""
        self._fitness.setdefault(individual, None)

    def removeIndividual(self, individual: Any) -> None:
        """Remove an individual if it is in the population."""
        self._fitness.pop(individual, None)

    def setIndividualFitness(self, individual: Any, fitness: float) -> None:
        """Set the fitness of an individual.

        Args:
            individual: the individual.
            fitness: its fitness; larger is better.

        Raises:
            KeyError: the individual is not in the population.
        """
        if individual not in self._fitness:
            raise KeyError("this individual is not in the population")
        self._fitness[individual] = fitness

    def getIndividualFitness(self, individual: Any) -> float | None:
        """Return the fitness of an individual, or None if it is unknown."""
        return self._fitness[individual]

    def clearFitness(self) -> None:
        """Clear the fitness of all individuals."""
        self._fitness = dict.fromkeys(self._fitness)

    def getFitnessMap(self) -> dict[Any, float]:
        """Return individual -> fitness."""
        return dict(self._fitness)

    def getMaxFitness(self) -> float:
        """Return the maximum fitness."""
        return max(fitness for fitness in self._fitness.values() if fitness is not None)

    def getAverageFitness(self) -> float:
        """Return the mean of all known fitnesses."""
        known = [fitness for fitness in self._fitness.values() if fitness is not None]
        return sum(known) / len(known)

    def getIndividualsN(self) -> int:
        """Return the number of individuals."""
        return len(self._fitness)

    def getBestIndividuals(self, n: int = 1) -> set[Any]:
        """Return a set of the n fittest individuals."""
        return set(self.getBestIndividualsSorted(n))

    def getBestIndividualsSorted(self, n: int = 1) -> list[Any]:
        """Return a list of the n fittest individuals, the fittest first."""
        return self.getSortedIndividualList()[:n]

    def getWorstIndividuals(self, n: int = 1) -> set[Any]:
        """Return a set of the n least fit individuals."""
        return set(self.getSortedIndividualList()[len(self._fitness) - n :])

    def removeWorstIndividuals(self, n: int = 1) -> None:
        """Remove the n least fit individuals."""
        self.removeIndividuals(self.getWorstIndividuals(n))

    def getSortedIndividualList(self) -> list[Any]:
        """Return the individuals, the fittest first, those of unknown fitness last."""
        return sorted(
            self._fitness, key=lambda one: float("inf") if self._fitness[one] is None else -self._fitness[one]
        )
