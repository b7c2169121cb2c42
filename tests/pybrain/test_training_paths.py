"""Training on flat arrays gives the same numbers as training through the objects."""

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pybrain.datasets import ImportanceDataSet, SequentialDataSet, SupervisedDataSet
from pybrain.structure import (
    BiasUnit,
    FeedForwardNetwork,
    FullConnection,
    GaussianLayer,
    IdentityConnection,
    LinearLayer,
    LSTMLayer,
    MotherConnection,
    ReluLayer,
    SharedFullConnection,
    SigmoidLayer,
    SoftmaxLayer,
    TanhLayer,
)
from pybrain.structure.modules.softsign import SoftSignLayer
from pybrain.supervised.trainers import BackpropTrainer, RPropMinusTrainer, epoch
from pybrain.supervised.trainers.flatnet import describe
from pybrain.tools.shortcuts import buildNetwork

LAYERS = [LinearLayer, SigmoidLayer, TanhLayer, ReluLayer, SoftmaxLayer, SoftSignLayer]


@st.composite
def networks(draw):
    """Generate a random acyclic network with slices, shared weights, several inputs and outputs."""
    np.random.seed(draw(st.integers(0, 10**6)))
    net = FeedForwardNetwork()
    sizes = draw(st.lists(st.integers(1, 4), min_size=3, max_size=6))
    layers = [draw(st.sampled_from(LAYERS))(size, name=f"m{index}") for index, size in enumerate(sizes)]
    inputs = draw(st.integers(1, 2))
    outputs = draw(st.integers(1, 2))
    for index, layer in enumerate(layers):
        if index < inputs:
            net.addInputModule(layer)
        if index >= len(layers) - outputs:
            net.addOutputModule(layer)
        net.addModule(layer)
    bias = BiasUnit(name="bias")
    net.addModule(bias)
    mother = None
    for after in range(1, len(layers)):
        if draw(st.booleans()):
            net.addConnection(FullConnection(bias, layers[after], name=f"b{after}"))
        for before in range(after):
            one, other, name = layers[before], layers[after], f"c{before}_{after}"
            kind = draw(st.sampled_from(["full", "full", "slice", "identity", "shared", "none"]))
            if kind == "none" and before < after - 1:
                continue
            if kind == "slice":
                cuts = {"inSliceFrom": draw(st.integers(0, one.outdim - 1))}
                cuts["outSliceFrom"] = draw(st.integers(0, other.indim - 1))
                net.addConnection(FullConnection(one, other, name=name, **cuts))
            elif kind == "identity" and one.outdim == other.indim:
                net.addConnection(IdentityConnection(one, other, name=name))
            elif kind == "shared" and (mother is None or mother.paramdim == one.outdim * other.indim):
                mother = mother or MotherConnection(one.outdim * other.indim, name="mother")
                net.addConnection(SharedFullConnection(mother, one, other, name=name))
            else:
                net.addConnection(FullConnection(one, other, name=name))
    net.sortModules()
    return net


def samples(net, count=7, kind=SupervisedDataSet):
    generator = np.random.RandomState(count)
    dataset = kind(net.indim, net.outdim)
    for number in range(count):
        if kind is not SupervisedDataSet and number % 3 == 0:
            dataset.newSequence()
        extra = [generator.rand(net.outdim)] if kind is ImportanceDataSet else []
        dataset.addSample(generator.randn(net.indim), generator.randn(net.outdim), *extra)
    return dataset


def both_ways(net, dataset, trainer=BackpropTrainer, epochs=2, **options):
    """Train twice from the same start, on arrays and through objects; return (error, parameters) of both."""
    results = []
    for way in ("arrays", "objects"):
        copy = net.copy()
        with pytest.MonkeyPatch.context() as patch:
            if way == "objects":
                for name in ("online", "accumulate"):
                    patch.setattr(epoch, name, lambda trainer: None)
            one = trainer(copy, dataset=dataset, **options)
            random.seed(3)
            errors = [one.train() for _ in range(epochs)]
        results.append((errors, copy.params.copy(), one.descent.values.copy()))
    return results


def assert_same(results, tolerance=1e-10):
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(), st.sampled_from([{}, {"momentum": 0.3, "lrdecay": 0.99}, {"weightdecay": 0.01}]))
def test_compiled_online_training_equals_training_through_objects(net, options):
    if not net.paramdim:
        return
    assert describe(net) is not None
    assert_same(both_ways(net, samples(net), learningrate=0.001, **options))


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(), st.sampled_from([SupervisedDataSet, SequentialDataSet, ImportanceDataSet]))
def test_compiled_batch_training_equals_training_through_objects(net, kind):
    if not net.paramdim:
        return
    dataset = samples(net, kind=kind)
    assert_same(both_ways(net, dataset, learningrate=0.001, batchlearning=True))


@pytest.mark.parametrize("kind", [SequentialDataSet, ImportanceDataSet])
def test_a_feed_forward_network_is_updated_once_per_sequence(kind):
    np.random.seed(1)
    net = buildNetwork(2, 3, 2)
    assert_same(both_ways(net, samples(net, kind=kind), learningrate=0.05, momentum=0.1))


def test_compiled_rprop_equals_rprop_through_objects():
    np.random.seed(2)
    net = buildNetwork(2, 3, 2)
    assert_same(both_ways(net, samples(net, 30), trainer=RPropMinusTrainer, epochs=8, weightdecay=0.01))


def test_derivatives_of_several_chunks_are_summed(monkeypatch):
    np.random.seed(2)
    net = buildNetwork(2, 3, 2)
    monkeypatch.setattr(epoch, "CHUNK", 4)
    assert_same(both_ways(net, samples(net, 11), learningrate=0.01, batchlearning=True))


def test_recurrent_random_and_user_defined_layers_are_not_compiled_for_training():
    class OwnLayer(SigmoidLayer):
        def _forwardImplementation(self, inbuf, outbuf):
            outbuf[:] = np.sin(inbuf)

    assert describe(buildNetwork(2, 3, 1, hiddenclass=LSTMLayer)) is None
    assert describe(buildNetwork(2, 3, 1, hiddenclass=GaussianLayer)) is None
    assert describe(buildNetwork(2, 3, 1, hiddenclass=OwnLayer)) is None
    assert describe(buildNetwork(2, 3, 1)) is not None


def test_derivatives_match_finite_differences_of_the_error():
    """Each update of online learning is minus the numerical gradient, times the learning rate."""
    np.random.seed(5)
    net = buildNetwork(3, 4, 2, hiddenclass=TanhLayer)
    dataset = samples(net, 1)
    start = net.params.copy()

    def error(params):
        net.params[:] = params
        return 0.5 * float(((net.activate(dataset["input"][0]) - dataset["target"][0]) ** 2).sum())

    slopes = []
    for index in range(len(start)):
        step = np.zeros(len(start))
        step[index] = 1e-6
        slopes.append((error(start + step) - error(start - step)) / 2e-6)
    net.params[:] = start
    BackpropTrainer(net, dataset, learningrate=0.1).train()
    np.testing.assert_allclose((net.params - start) / 0.1, -np.array(slopes), rtol=1e-5, atol=1e-8)


def test_a_user_defined_data_set_controls_the_training_samples():
    class Doubled(SupervisedDataSet):
        def _provideSequences(self):
            return iter([[(inp * 2, target)] for inp, target in self])

    np.random.seed(5)
    net = buildNetwork(1, 1, bias=False)
    dataset = Doubled(1, 1)
    dataset.addSample([1], [1])
    before = float(net.params[0])
    BackpropTrainer(net, dataset, learningrate=0.1).train()
    assert float(net.params[0]) == pytest.approx(before + 0.1 * 2 * (1 - 2 * before), rel=1e-14)
