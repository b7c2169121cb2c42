"""Mixture density networks."""

import random

import numpy as np
import pytest

from pybrain.datasets import SupervisedDataSet
from pybrain.structure import BiasUnit, FeedForwardNetwork, FullConnection, LinearLayer, TanhLayer
from pybrain.structure.modules.mixturedensity import MixtureDensityLayer
from pybrain.supervised.trainers.mixturedensity import BackpropTrainerMix, RPropMinusTrainerMix, gaussian


def mixture_network(indim=1, hidden=5, dim=1, mix=2, seed=2, scale=0.5):
    net = FeedForwardNetwork()
    parts = LinearLayer(indim, name="in"), TanhLayer(hidden, name="hidden")
    out, bias = MixtureDensityLayer(dim, mix=mix, name="out"), BiasUnit(name="bias")
    net.addInputModule(parts[0])
    net.addModule(parts[1])
    net.addModule(bias)
    net.addOutputModule(out)
    for one, other in ((*parts,), (parts[1], out), (bias, parts[1]), (bias, out)):
        net.addConnection(FullConnection(one, other))
    net.sortModules()
    net.params[:] = np.random.RandomState(seed).randn(net.paramdim) * scale
    return net


def separated_network(seed):
    """Return a network whose two centres start at about -0.7 and 0.7.

    From equal centres, rounding errors decide which one moves where, and each BLAS kernel rounds in its own
    way. From separated ones the likelihood has a single maximum nearby.
    """
    net = mixture_network(seed=seed, scale=0.1)
    from_bias = next(c for c in net.connections[net["bias"]] if c.outmod is net["out"])
    from_bias.params[-2:] = [-0.7, 0.7]
    return net


def two_branches(count=100):
    """Return targets around +1 or -1, whatever the input is: their mean describes neither."""
    generator = np.random.RandomState(1)
    dataset = SupervisedDataSet(1, 1)
    for number in range(count):
        dataset.addSample([generator.rand()], [(-1) ** number + 0.2 * generator.randn()])
    return dataset


def test_normal_density_matches_its_formula():
    assert gaussian([0.0], [0.0], 1.0) == pytest.approx(1 / np.sqrt(2 * np.pi))
    points = np.linspace(-8, 8, 2001)
    total = gaussian(points[:, None], [0.3], 0.7).sum() * (points[1] - points[0])
    assert total == pytest.approx(1.0, abs=1e-9)
    assert gaussian([1.0, 2.0], [0.0, 0.0], 2.0) == pytest.approx(np.exp(-5 / 8) / (2 * np.pi * 4))


@pytest.mark.parametrize("dim", [1, 2])
def test_derivatives_match_the_likelihood(dim):
    net = mixture_network(dim=dim, mix=3)
    trainer = BackpropTrainerMix(net)
    sample = [np.array([0.4]), np.array([0.3, -0.8])[:dim]]
    start = net.params.copy()
    net.resetDerivatives()
    trainer._calcDerivs([sample])
    found = -net.derivs.copy()

    def error(params):
        net.params[:] = params
        return trainer._sampleError(sample, net.activate(sample[0]))[0]

    for index in range(len(start)):
        step = np.zeros(len(start))
        step[index] = 1e-6
        slope = (error(start + step) - error(start - step)) / 2e-6
        assert found[index] == pytest.approx(slope, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_a_small_gradient_step_increases_the_likelihood(seed):
    net = mixture_network(seed=seed)
    trainer = BackpropTrainerMix(net, two_branches(20), learningrate=1e-4, batchlearning=True)
    errors = []
    for _ in range(5):
        errors.append(trainer.train())
    errors.append(trainer.testOnData())
    assert np.all(np.diff(errors) < 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("trainer", "options", "epochs"),
    [
        (BackpropTrainerMix, {"learningrate": 0.004, "momentum": 0.2, "lrdecay": 0.9995}, 40),
        (RPropMinusTrainerMix, {"delta0": 0.01}, 30),
    ],
)
def test_training_finds_the_density_of_each_branch(trainer, options, epochs, seed):
    random.seed(seed)
    net, dataset = separated_network(seed), two_branches()
    one = trainer(net, dataset=dataset, **options)
    one.trainEpochs(epochs)
    targets = dataset["target"].ravel()
    lower, upper = targets[targets < 0], targets[targets > 0]
    # What a network that ignores its input reaches at best: the maximum likelihood of the two branches.
    best = np.log(2) + 0.5 * np.log(2 * np.pi * np.e) + np.mean(np.log([lower.std(), upper.std()]))
    assert one.testOnData() < best + 0.03
    chances, deviations, centres = net.activate([0.5]).reshape(3, 2)
    np.testing.assert_allclose(chances, 0.5, atol=0.05)
    np.testing.assert_allclose(deviations, [lower.std(), upper.std()], atol=0.05)
    np.testing.assert_allclose(centres, [lower.mean(), upper.mean()], atol=0.1)


def test_gradients_are_finite_far_from_all_centres():
    net = mixture_network()
    dataset = SupervisedDataSet(1, 1)
    dataset.addSample([0.0], [300.0])
    one = BackpropTrainerMix(net, dataset, learningrate=1e-6)
    assert np.isfinite(one.train())
    assert np.isfinite(net.params).all()


def test_targets_must_have_the_dimension_of_the_distribution():
    one = BackpropTrainerMix(mixture_network())
    with pytest.raises(ValueError, match="the data set has 2 targets, the mixture has 1 dimensions"):
        one.setData(SupervisedDataSet(1, 2))
    with pytest.raises(ValueError, match="3 inputs per sample, the module has 1"):
        one.setData(SupervisedDataSet(3, 1))
