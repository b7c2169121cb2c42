"""Populations: individuals and how fit they are."""


class Population:
    """What a population offers; see `SimplePopulation` for the meaning."""

    def getIndividuals(self):
        """Return the individuals."""
        raise NotImplementedError("a kind of population says which individuals it has")

    def addIndividual(self, individual):
        """Add an individual."""
        raise NotImplementedError("this population cannot be added to")

    def addIndividuals(self, individuals):
        """Add several individuals."""
        for individual in list(individuals):
            self.addIndividual(individual)

    def removeIndividual(self, individual):
        """Remove an individual."""
        raise NotImplementedError("nothing can be removed from this population")

    def removeIndividuals(self, individuals):
        """Remove several individuals."""
        for individual in list(individuals):
            self.removeIndividual(individual)

    def setIndividualFitness(self, individual, fitness):
        """Note the fitness of an individual."""
        raise NotImplementedError("this population keeps no fitness")

    def getIndividualFitness(self, individual):
        """Return the fitness of an individual."""
        raise NotImplementedError("this population keeps no fitness")


class SimplePopulation(Population):
    """Individuals in the order in which they were added, each with its fitness, if it is known."""

    def __init__(self):
        # A dictionary keeps its order, which makes runs repeatable; a set of objects does not.
        self._fitness = {}

    def getIndividuals(self):
        """Return a list of the individuals."""
        return list(self._fitness)

    def addIndividual(self, individual):
        """Add an individual of unknown fitness."""
        self._fitness.setdefault(individual, None)

    def removeIndividual(self, individual):
        """Remove an individual, if it is there."""
        self._fitness.pop(individual, None)

    def setIndividualFitness(self, individual, fitness):
        """Note the fitness of an individual.

        Raises:
            KeyError: it is not in the population.
        """
        if individual not in self._fitness:
            raise KeyError("this individual is not in the population")
        self._fitness[individual] = fitness

    def getIndividualFitness(self, individual):
        """Return the fitness of an individual, None where it is unknown."""
        return self._fitness[individual]

    def clearFitness(self):
        """Forget all fitnesses."""
        self._fitness = dict.fromkeys(self._fitness)

    def getFitnessMap(self):
        """Return individual -> fitness."""
        return dict(self._fitness)

    def getMaxFitness(self):
        """Return the greatest fitness."""
        return max(fitness for fitness in self._fitness.values() if fitness is not None)

    def getAverageFitness(self):
        """Return the mean of all known fitnesses."""
        known = [fitness for fitness in self._fitness.values() if fitness is not None]
        return sum(known) / len(known)

    def getIndividualsN(self):
        """Return the number of individuals."""
        return len(self._fitness)

    def getBestIndividuals(self, n=1):
        """Return a set of the n fittest individuals."""
        return set(self.getBestIndividualsSorted(n))

    def getBestIndividualsSorted(self, n=1):
        """Return a list of the n fittest individuals, the fittest first."""
        return self.getSortedIndividualList()[:n]

    def getWorstIndividuals(self, n=1):
        """Return a set of the n least fit individuals."""
        return set(self.getSortedIndividualList()[len(self._fitness) - n :])

    def removeWorstIndividuals(self, n=1):
        """Remove the n least fit individuals."""
        self.removeIndividuals(self.getWorstIndividuals(n))

    def getSortedIndividualList(self):
        """Return the individuals, the fittest first, those of unknown fitness last."""
        return sorted(
            self._fitness, key=lambda one: float("inf") if self._fitness[one] is None else -self._fitness[one]
        )
