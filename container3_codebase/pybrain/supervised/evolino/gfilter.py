"""Filters: operations on whole populations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.supervised.evolino.variate import GaussianVariate, UniformVariate

if TYPE_CHECKING:
    from typing import Any


class Filter:
    """Changes a population in place."""

    def apply(self, population: Any) -> None:
        """Change the population."""
        raise NotImplementedError("a subclass must implement apply")


def isiter(obj: Any) -> bool:
    """Return whether an object can be iterated over."""
    try:
        iter(obj)
    except TypeError:
        return False
    return True


class SimpleGenomeManipulation(Filter):
    """Replaces every number in the genomes, which may be nested lists."""

    def apply(self, population: Any) -> None:
        """Change the genomes of all individuals in place."""
        for individual in population.getIndividuals():
            self._manipulateGenome(individual.getGenome())

    def _manipulateGenome(self, genome: list[Any]) -> None:
        for index, entry in enumerate(genome):
            if isiter(entry):
                self._manipulateGenome(entry)
            else:
                genome[index] = self._manipulateValue(entry)

    def _manipulateValue(self, value: float) -> float:
        raise NotImplementedError("a subclass must implement _manipulateValue")


class SimpleMutation(SimpleGenomeManipulation):
    """Adds a random number to every number.

    Attributes:
        mutationVariate: the distribution of the random numbers.
    """

    mutationVariate: Any = None

    def __init__(self) -> None:
        self.mutationVariate = GaussianVariate(0.0, 0.1)

    def _manipulateValue(self, value: float) -> float:
        return value + self.mutationVariate.getSample()


class Randomization(SimpleGenomeManipulation):
    """Replaces every number by a uniform random one."""

    def __init__(self, minval: float = 0.0, maxval: float = 1.0) -> None:
        self._variate = UniformVariate(minval, maxval)

    def _manipulateValue(self, value: float) -> float:
        return self._variate.getSample()
