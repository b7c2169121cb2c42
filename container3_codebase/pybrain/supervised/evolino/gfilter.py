"""Filters: operations on whole populations."""

from pybrain.supervised.evolino.variate import GaussianVariate, UniformVariate


class Filter:
    """Changes a population in place."""

    def apply(self, population):
        """Change the population."""
        raise NotImplementedError("a kind of filter says what it does")


def isiter(obj):
    """Tell whether something can be iterated over."""
    try:
        iter(obj)
    except TypeError:
        return False
    return True


class SimpleGenomeManipulation(Filter):
    """Replaces every number in the genomes, which may be lists in lists."""

    def apply(self, population):
        """Change the genomes of all individuals in place."""
        for individual in population.getIndividuals():
            self._manipulateGenome(individual.getGenome())

    def _manipulateGenome(self, genome):
        for index, entry in enumerate(genome):
            if isiter(entry):
                self._manipulateGenome(entry)
            else:
                genome[index] = self._manipulateValue(entry)

    def _manipulateValue(self, value):
        raise NotImplementedError("a kind of manipulation says what becomes of a number")


class SimpleMutation(SimpleGenomeManipulation):
    """Adds a random number to every number.

    Attributes:
        mutationVariate: what the random numbers are drawn from.
    """

    mutationVariate = None

    def __init__(self):
        self.mutationVariate = GaussianVariate(0.0, 0.1)

    def _manipulateValue(self, value):
        return value + self.mutationVariate.getSample()


class Randomization(SimpleGenomeManipulation):
    """Replaces every number by a uniform random one."""

    def __init__(self, minval=0.0, maxval=1.0):
        self._variate = UniformVariate(minval, maxval)

    def _manipulateValue(self, value):
        return self._variate.getSample()
