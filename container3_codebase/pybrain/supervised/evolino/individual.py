"""The individuals of Evolino: single chromosomes, and teams of them that form a network."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from pybrain.supervised.evolino.gindividual import Individual

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Self


class EvolinoSubIndividual(Individual):
    """One chromosome: the weights of one hidden neuron.

    Args:
        genome: a list of numbers.
    """

    def __init__(self, genome: list[Any]) -> None:
        self.setGenome(genome)

    def getGenome(self) -> Any:
        """Return the list of numbers."""
        return self._genome

    def setGenome(self, genome: list[Any]) -> None:
        """Set the list of numbers."""
        self._genome = genome

    def copy(self) -> EvolinoSubIndividual:
        """Return an individual with a copy of the genome."""
        return EvolinoSubIndividual(deepcopy(self._genome))


class EvolinoIndividual(Individual):
    """A team of sub-individuals, one of each subpopulation.

    Args:
        sub_individuals: the team, in the order of the subpopulations.
    """

    def __init__(self, sub_individuals: Iterable[Any]) -> None:
        self._sub_individuals = list(sub_individuals)

    def getGenome(self) -> Any:
        """Return the genomes of the team: a list of lists of numbers."""
        return [sub.getGenome() for sub in self._sub_individuals]

    def getSubIndividuals(self) -> list[Any]:
        """Return the team."""
        return self._sub_individuals
