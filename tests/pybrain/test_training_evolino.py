"""Evolino: populations, filters, training."""

import random

import numpy as np
import pytest

from pybrain.datasets import SequentialDataSet
from pybrain.structure.modules.evolinonetwork import EvolinoNetwork
from pybrain.supervised.evolino.filter import EvolinoSubReproduction, EvolinoSubSelection
from pybrain.supervised.evolino.gfilter import Randomization, SimpleMutation, isiter
from pybrain.supervised.evolino.gpopulation import SimplePopulation
from pybrain.supervised.evolino.individual import EvolinoIndividual, EvolinoSubIndividual
from pybrain.supervised.evolino.networkwrapper import EvolinoNetwork as InputNetwork
from pybrain.supervised.evolino.population import EvolinoPopulation, EvolinoSubPopulation
from pybrain.supervised.evolino.variate import CauchyVariate, GaussianVariate, UniformVariate
from pybrain.supervised.trainers.evolino import EvolinoTrainer


@pytest.fixture(autouse=True)
def seeded():
    np.random.seed(4)
    random.seed(4)


@pytest.mark.parametrize("variate", [UniformVariate(1, 3), CauchyVariate(2, 1), GaussianVariate(2, 1)])
def test_random_variates_are_centred(variate):
    assert np.median([variate.getSample() for _ in range(2000)]) == pytest.approx(2, abs=0.15)


def test_a_population_ranks_its_individuals():
    population = SimplePopulation()
    one, other, third = (EvolinoSubIndividual([number]) for number in range(3))
    population.addIndividuals([one, other, third])
    for individual, fitness in ((one, 1), (other, 3), (third, 2)):
        population.setIndividualFitness(individual, fitness)
    assert population.getBestIndividualsSorted(2) == [other, third]
    assert population.getWorstIndividuals() == {one}
    assert (population.getMaxFitness(), population.getAverageFitness()) == (3, 2)
    population.removeWorstIndividuals()
    assert population.getIndividuals() == [other, third]
    with pytest.raises(KeyError):
        population.setIndividualFitness(one, 1)


def test_every_individual_is_part_of_equally_many_teams():
    shape = EvolinoIndividual([EvolinoSubIndividual([0.0] * 2), EvolinoSubIndividual([0.0] * 2)])
    population = EvolinoPopulation(shape, 5, nCombinations=3)
    teams = population.getIndividuals()
    assert len(teams) == 15
    for number, sub in enumerate(population.getSubPopulations()):
        members = [team.getSubIndividuals()[number] for team in teams]
        assert all(members.count(one) == 3 for one in sub.getIndividuals())


def test_individual_fitness_is_the_mean_over_its_teams():
    population = EvolinoSubPopulation([0.0], 2)
    one = population.getIndividuals()[0]
    population.addIndividualFitness(one, 1.0)
    population.addIndividualFitness(one, 2.0)
    assert population.getIndividualFitness(one) == 1.5
    population.clearFitness()
    assert population.getIndividualFitness(one) is None


def test_selection_keeps_and_multiplies_the_best():
    population = EvolinoSubPopulation([0.0, 0.0], 8)
    for fitness, individual in enumerate(population.getIndividuals()):
        population.setIndividualFitness(individual, fitness)
    best = population.getBestIndividualsSorted(2)
    EvolinoSubSelection().apply(population)
    assert population.getIndividuals() == best[::-1]
    EvolinoSubReproduction(mutationVariate=UniformVariate(1, 1)).apply(population)
    assert len(population.getIndividuals()) == 8
    children = population.getIndividuals()[2:]
    np.testing.assert_allclose(children[0].getGenome(), np.array(best[0].getGenome()) + 1)


def test_genomes_are_nested_lists():
    population = SimplePopulation()
    individual = EvolinoSubIndividual([[1.0, 2.0], [3.0]])
    population.addIndividual(individual)
    mutation = SimpleMutation()
    mutation.mutationVariate = UniformVariate(1, 1)
    mutation.apply(population)
    assert individual.getGenome() == [[2.0, 3.0], [4.0]]
    Randomization(5, 5).apply(population)
    assert individual.getGenome() == [[5.0, 5.0], [5.0]]
    assert isiter([]) and not isiter(1)


def sine(count=1, length=60):
    dataset = SequentialDataSet(0, 1)
    for number in range(count):
        dataset.newSequence()
        for step in range(length):
            dataset.addSample([], [np.sin(0.3 * step + number)])
    return dataset


@pytest.mark.slow
def test_a_network_learns_to_continue_a_sine():
    network = EvolinoNetwork(1, 5)
    options = {
        "subPopulationSize": 6,
        "nCombinations": 1,
        "initialWeightRange": (-0.5, 0.5),
        "wtRatio": 1 / 3,
    }
    trainer = EvolinoTrainer(network, sine(), backprojectionFactor=1.0, mutationAlpha=0.01, **options)
    errors = [trainer.train() for _ in range(12)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.1
    assert trainer.totalepochs == 12
    expected = np.sin(0.3 * np.arange(60))[:, None]
    # The mean of a sine says nothing: its mean squared error would be a half.
    left = np.mean((network.extrapolate(expected[:20], 40) - expected[20:]) ** 2)
    assert left == pytest.approx(errors[-1], rel=1e-9)
    trainer.burstMutate()
    trainer.train()


def test_chromosomes_are_ordered_as_in_pybrain():
    network = EvolinoNetwork(2, 3)
    for first, connection in (
        (0, network._in_to_hid_connection),
        (100, network._bias_to_hid_connection),
        (200, network._recurrent_connection),
    ):
        connection.params[:] = first + np.arange(connection.paramdim)
    genome = network.getGenome()
    assert genome[0][:12] == [200, 201, 202, 0, 1, 100, 209, 210, 211, 6, 7, 103]
    assert genome[2][-6:] == [233, 234, 235, 22, 23, 111]
    network.setOutputWeightMatrix([[0, 1, 2], [3, 4, 5]])
    assert network._hid_to_out_connection.params.tolist() == [0, 1, 2, 3, 4, 5]


def test_the_individuals_of_a_population_are_independent():
    trainer = EvolinoTrainer(EvolinoNetwork(1, 3), sine(), subPopulationSize=4, nCombinations=2)
    teams = [str(team.getGenome()) for team in trainer._population.getIndividuals()]
    assert len(set(teams)) == len(teams) == 8
    nested = EvolinoSubIndividual([[1.0], [2.0]])
    nested.copy().getGenome()[0][0] = 9.0
    assert nested.getGenome() == [[1.0], [2.0]]


def test_training_starts_again_after_generations_without_progress():
    steps = []

    class Step:
        def __init__(self, name):
            self.name = name

        def apply(self, population):
            steps.append(self.name)

    class Fitness(Step):
        max_fitness = -1.0

    trainer = EvolinoTrainer(
        EvolinoNetwork(1, 3),
        sine(),
        nBurstMutationEpochs=2,
        evaluation=Fitness("fitness"),
        selection=Step("select"),
        reproduction=Step("fill"),
        burstMutation=Step("anew"),
    )
    trainer.trainEpochs(6)
    usual = ["fitness", "select", "fill"]
    assert steps == [*usual, *usual, "anew", *usual, *usual, "anew", *usual, *usual]
    assert trainer.evaluation.max_fitness == trainer.max_fitness == -1.0


@pytest.mark.slow
def test_the_evaluation_has_the_fitness_of_the_last_generation():
    trainer = EvolinoTrainer(EvolinoNetwork(1, 3), sine(), subPopulationSize=4, nCombinations=1, verbosity=0)
    assert trainer.evaluation.max_fitness == -np.inf
    best = []
    for _ in range(6):
        trainer.train()
        best.append(trainer.evaluation.max_fitness)
    assert trainer.max_fitness == max(best) > min(best)


def test_sequences_of_another_width_are_refused():
    with pytest.raises(ValueError, match="the data set has 1 outputs per step, the network has 2"):
        EvolinoTrainer(EvolinoNetwork(2, 3), sine())
    with pytest.raises(TypeError, match=r"EvolinoTrainer has no option 'parents'; accepted: .*nParents"):
        EvolinoTrainer(EvolinoNetwork(1, 3), sine(), parents=3)


def test_a_network_with_inputs_gets_its_output_weights_by_regression():
    network = InputNetwork(1, 1, hiddim=5)
    network.setGenome((np.array(network.getGenome()) * 0.3).tolist())
    dataset = SequentialDataSet(1, 1)
    for step in range(50):
        dataset.addSample([np.sin(0.4 * step)], [np.sin(0.4 * step - 0.4)])
    before = dataset.evaluateModuleMSE(network)
    left = network.calculateOutput(dataset, washout=5)
    assert left < 0.1 * before
    weights = network.getOutputWeightMatrix()
    network.setOutputWeightMatrix(weights * 2)
    np.testing.assert_allclose(network.getOutputWeightMatrix(), weights * 2)
    with pytest.raises(ValueError, match="shape"):
        network.setOutputWeightMatrix(np.zeros((2, 2)))


def test_a_genome_has_one_chromosome_per_cell_and_can_be_set():
    network = InputNetwork(2, 1, hiddim=3)
    genome = network.getGenome()
    # Four gates with 2 inputs, 3 cells, 1 output; three peephole weights.
    assert np.shape(genome) == (3, 4 * (2 + 3 + 1) + 3)
    changed = (np.arange(np.size(genome)) / 100.0).reshape(np.shape(genome))
    network.setGenome(changed)
    np.testing.assert_allclose(network.getGenome(), changed)
    with pytest.raises(ValueError, match="the genome has shape"):
        network.setGenome([[1.0]])
