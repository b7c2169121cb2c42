"""Training by Evolino: see `pybrain.supervised.evolino`."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from pybrain.supervised.evolino.filter import (
    EvolinoBurstMutation,
    EvolinoEvaluation,
    EvolinoReproduction,
    EvolinoSelection,
)
from pybrain.supervised.evolino.gfilter import Randomization
from pybrain.supervised.evolino.individual import EvolinoIndividual, EvolinoSubIndividual
from pybrain.supervised.evolino.population import EvolinoPopulation
from pybrain.supervised.evolino.variate import CauchyVariate
from pybrain.supervised.trainers.trainer import Trainer, refuse
from pybrain.tools.kwargsprocessor import KWArgsProcessor

if TYPE_CHECKING:
    from typing import Any


_STEPS = ("evaluation", "selection", "reproduction", "burstMutation")
_DEFAULTS = {
    "subPopulationSize": 8,
    "nCombinations": 4,
    "nParents": None,
    "initialWeightRange": (-0.1, 0.1),
    "mutationAlpha": 0.01,
    "wtRatio": 1 / 3,
    "nBurstMutationEpochs": inf,
    "backprojectionFactor": None,
    "verbosity": 0,
}


class EvolinoTrainer(Trainer):
    """Evolves the hidden weights of an EvolinoNetwork so that it continues sequences.

    Args:
        evolino_network: a `pybrain.structure.modules.evolinonetwork.EvolinoNetwork`.
        dataset: a SequentialDataSet whose targets are the sequences.
        subPopulationSize: number of individuals per hidden neuron.
        nCombinations: number of networks per generation that each individual takes part in.
        nParents: number of individuals that survive a generation; a quarter by default.
        initialWeightRange: smallest and largest initial weight.
        weightInitializer: a filter that sets the initial weights instead.
        mutationAlpha: half width of the Cauchy distribution that mutations are drawn from.
        mutationVariate: a distribution to use instead.
        wtRatio: fraction of each sequence that only sets the state of the network.
        nBurstMutationEpochs: number of generations without improvement after which to start again around the best
            weights, see `burstMutate`; by default never.
        evaluation: a filter to use instead for assigning fitness.
        selection: a filter to use instead for removing individuals.
        reproduction: a filter to use instead for refilling the population.
        burstMutation: a filter to use instead for `burstMutate`.
        backprojectionFactor: factor of the output that is fed back; by default the network's.
        verbosity: above 0, print the best fitness of each generation; above 1, all of them.

    Attributes:
        max_fitness: minus the smallest mean squared error so far.
        totalepochs: number of generations so far.
        evaluation: the filter that assigns fitness; its ``max_fitness`` is that of the last
            generation.
    """

    subPopulationSize: int
    nCombinations: int
    nParents: int | None
    initialWeightRange: tuple[float, float]
    weightInitializer: Any
    mutationAlpha: float
    mutationVariate: Any
    wtRatio: float
    nBurstMutationEpochs: float
    evaluation: Any
    selection: Any
    reproduction: Any
    burstMutation: Any
    backprojectionFactor: float | None
    verbosity: int

    def __init__(self, evolino_network: Any, dataset: Any, **kwargs: Any) -> None:
        Trainer.__init__(self, evolino_network)
        self.network = evolino_network
        self.totalepochs = 0
        self.max_fitness = -inf
        self._bestEpoch = 0
        self._ownEvaluation = "evaluation" not in kwargs
        self._readOptions(kwargs)
        if self.backprojectionFactor is not None:
            self.network.backprojectionFactor = self.backprojectionFactor
        genome = evolino_network.getGenome()
        self._population = EvolinoPopulation(
            EvolinoIndividual([EvolinoSubIndividual(list(chromosome)) for chromosome in genome]),
            self.subPopulationSize,
            self.nCombinations,
            self.weightInitializer,
        )
        self.setDataset(dataset)

    def _readOptions(self, kwargs: dict[str, Any]) -> None:
        accepted = [*_DEFAULTS, "weightInitializer", "mutationVariate", *_STEPS]
        refuse(set(kwargs) - set(accepted), type(self), accepted)
        options = KWArgsProcessor(self, kwargs)
        for name, default in _DEFAULTS.items():
            options.add(name, default=default)
        options.add("weightInitializer", default=Randomization(*self.initialWeightRange))
        options.add("mutationVariate", default=CauchyVariate(0, self.mutationAlpha))
        options.add("evaluation", default=None)
        options.add("selection", default=EvolinoSelection(nParents=self.nParents))
        for name, step in (("reproduction", EvolinoReproduction), ("burstMutation", EvolinoBurstMutation)):
            options.add(name, default=step(mutationVariate=self.mutationVariate))

    def setDataset(self, dataset: Any) -> None:
        """Set the training data."""
        if dataset.outdim != self.network.outdim:
            raise ValueError(
                f"the data set has {dataset.outdim} outputs per step, the network has {self.network.outdim}"
            )
        dataset.checkFinite()
        self.ds = dataset
        if self._ownEvaluation:
            self.evaluation = EvolinoEvaluation(
                self.network, dataset, wtRatio=self.wtRatio, verbosity=self.verbosity
            )

    # Only the targets of the data set are used, so the check of other trainers does not apply.
    setData = setDataset

    def trainOnDataset(self, dataset: Any, *args: Any, **kwargs: Any) -> None:
        """Set the training data and train; further arguments are passed to `trainEpochs`."""
        self.setDataset(dataset)
        self.trainEpochs(*args, **kwargs)

    def train(self) -> float:
        """Train for one generation; the network then has the best weights so far.

        Returns:
            The mean squared error of that network.
        """
        self.totalepochs += 1
        if self.totalepochs - self._bestEpoch >= self.nBurstMutationEpochs:
            self._bestEpoch = self.totalepochs
            self.burstMutate()
        self.evaluation.apply(self._population)
        if self.evaluation.max_fitness > self.max_fitness:
            self.max_fitness = self.evaluation.max_fitness
            self._bestEpoch = self.totalepochs
        self.selection.apply(self._population)
        self.reproduction.apply(self._population)
        if self.verbosity > 0:
            print(f"generation {self.totalepochs}: best fitness {self.max_fitness:g}")
        return -self.max_fitness

    def burstMutate(self) -> None:
        """Start again around the best weights, if training has got stuck."""
        self.burstMutation.apply(self._population)
