"""Restricted Boltzmann machines and stacks of them."""

import numpy as np
import pytest

from pybrain.datasets import SupervisedDataSet, UnsupervisedDataSet
from pybrain.structure import LSTMLayer, SigmoidLayer
from pybrain.structure.networks.rbm import Rbm
from pybrain.tools.shortcuts import buildNetwork
from pybrain.unsupervised.trainers.deepbelief import DeepBeliefTrainer
from pybrain.unsupervised.trainers.rbm import RbmBernoulliTrainer, RbmGaussTrainer, RbmGibbsTrainerConfig


@pytest.fixture
def halves():
    """Return two patterns of six pixels, with a little noise."""
    generator = np.random.RandomState(0)
    dataset = UnsupervisedDataSet(6)
    for number in range(60):
        row = np.array([1, 1, 1, 0, 0, 0] if number % 2 else [0, 0, 0, 1, 1, 1])
        row[generator.randint(6)] ^= generator.rand() < 0.1
        dataset.addSample(row)
    return dataset


@pytest.mark.slow
@pytest.mark.parametrize(("trainer", "epochs"), [(RbmBernoulliTrainer, 30), (RbmGaussTrainer, 60)])
def test_training_an_rbm_reduces_the_reconstruction_error(halves, trainer, epochs):
    np.random.seed(1)
    machine = Rbm.fromDims(6, 3)
    one = trainer(machine, halves)
    first = one.trainOnDataset(halves, 1)
    last = one.trainOnDataset(halves, epochs)
    assert last < 0.5 * first
    np.testing.assert_allclose(one.invRbm.params.reshape(6, 3), machine.params.reshape(3, 6).T)


def test_the_configuration_sets_the_number_of_iterations(halves):
    np.random.seed(1)
    config = RbmGibbsTrainerConfig()
    config.maxIter = 2
    machine = Rbm.fromDims(6, 2)
    before = machine.params.copy()
    RbmBernoulliTrainer(machine, halves, config).train()
    assert not np.allclose(machine.params, before)


def test_samples_of_another_size_are_refused(halves):
    with pytest.raises(ValueError, match="the samples have 6 values, the machine has 4 visible units"):
        RbmBernoulliTrainer(Rbm.fromDims(4, 2), halves)


def test_missing_samples_and_nan_are_refused(halves):
    with pytest.raises(ValueError, match="the data set is empty"):
        RbmBernoulliTrainer(Rbm.fromDims(6, 2), UnsupervisedDataSet(6)).train()
    halves["sample"][3, 2] = np.nan
    with pytest.raises(ValueError, match="row 3, column 2 of field 'sample' is nan"):
        RbmBernoulliTrainer(Rbm.fromDims(6, 2), halves).train()


@pytest.mark.slow
def test_a_deep_network_is_trained_layer_by_layer(halves):
    np.random.seed(2)
    net = buildNetwork(6, 4, 2, hiddenclass=SigmoidLayer, outclass=SigmoidLayer)
    one = DeepBeliefTrainer(net, halves, epochs=15)
    machines = list(one.iterRbms())
    assert [(machine.visibleDim, machine.hiddenDim) for machine in machines] == [(6, 4), (4, 2)]
    before = net.params.copy()
    one.train()
    assert not np.allclose(net.params, before)
    trained = next(one.iterRbms())
    assert RbmBernoulliTrainer(trained, halves).rbm is trained
    weights = trained.params.reshape(4, 6)
    # Every hidden unit tells the two halves of the picture apart, if it tells anything.
    assert np.corrcoef(weights)[0, 1] ** 2 <= 1
    assert np.abs(weights[:, :3].sum(axis=1) - weights[:, 3:].sum(axis=1)).max() > 2


def test_targets_are_not_used(halves):
    np.random.seed(2)
    dataset = SupervisedDataSet(halves["sample"], np.zeros(60))
    net = buildNetwork(6, 2, hiddenclass=SigmoidLayer, outclass=SigmoidLayer)
    DeepBeliefTrainer(net, dataset, epochs=2).train()


def test_an_unknown_distribution_is_refused_and_known_ones_are_listed(halves):
    with pytest.raises(
        ValueError, match="unknown distribution 'poisson'; expected one of bernoulli, gaussian"
    ):
        DeepBeliefTrainer(buildNetwork(6, 2), halves, distribution="poisson")


def test_a_layer_without_a_bias_is_reported(halves):
    net = buildNetwork(6, 2, bias=False, outclass=SigmoidLayer)
    with pytest.raises(ValueError, match="layer 'out' needs one connection from a bias, not 0"):
        DeepBeliefTrainer(net, halves).train()
    assert LSTMLayer is not None
