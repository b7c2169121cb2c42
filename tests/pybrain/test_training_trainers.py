"""Behaviour of trainers that users rely on, and user errors."""

import pickle
import random

import numpy as np
import pytest

from pybrain.auxiliary.gradientdescent import GradientDescent, IRpropPlus
from pybrain.datasets import ClassificationDataSet, SequentialDataSet, SupervisedDataSet
from pybrain.structure import LSTMLayer, SoftmaxLayer, TanhLayer
from pybrain.structure.evolvables.cheaplycopiable import CheaplyCopiable
from pybrain.structure.evolvables.maskedmodule import MaskedModule
from pybrain.supervised.trainers import BackpropTrainer, RPropMinusTrainer
from pybrain.supervised.trainers.convergence import hasConverged
from pybrain.tools.shortcuts import buildNetwork
from pybrain.utilities import DivergenceError


@pytest.fixture
def xor():
    dataset = SupervisedDataSet(2, 1)
    for inp, target in (((-1, -1), 0), ((-1, 1), 1), ((1, -1), 1), ((1, 1), 0)):
        dataset.addSample(inp, target)
    return dataset


@pytest.fixture
def net():
    np.random.seed(7)
    random.seed(7)
    return buildNetwork(2, 4, 1, hiddenclass=TanhLayer)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trainer", "options", "epochs"),
    [(BackpropTrainer, {"learningrate": 0.1}, 400), (RPropMinusTrainer, {}, 150)],
)
def test_xor_is_learned(net, xor, trainer, options, epochs):
    one = trainer(net, dataset=xor, **options)
    one.trainEpochs(epochs)
    assert one.testOnData() < 1e-3
    assert one.totalepochs == epochs


class CountedDescent(GradientDescent):
    calls = 0

    def __call__(self, gradient, error=None):
        self.calls += 1
        return super().__call__(gradient, error)


@pytest.mark.parametrize(("rule", "batch"), [(IRpropPlus, True), (CountedDescent, False)])
def test_the_descent_rule_can_be_replaced(net, xor, rule, batch):
    one = BackpropTrainer(net, xor, batchlearning=batch)
    one.descent = rule()
    one.descent.init(net.params)
    first = one.testOnData()
    one.trainEpochs(60)
    assert one.testOnData() < 0.5 * first
    assert getattr(one.descent, "calls", 240) == 240


@pytest.mark.parametrize("made", [lambda net: pickle.loads(pickle.dumps(net)), lambda net: net.copy()])
@pytest.mark.parametrize("options", [{}, {"batchlearning": True}])
def test_an_unpickled_or_copied_network_trains(net, xor, made, options):
    again = made(net)
    before = again.activate([1, -1])
    one = BackpropTrainer(again, xor, learningrate=0.1, **options)
    first = one.train()
    for _ in range(20):
        last = one.train()
    assert last < first
    assert again.activate([1, -1]) != before
    assert net.activate([1, -1]) == before


def test_externally_set_parameters_are_used_in_training(net, xor):
    """PyBrain itself returns to its own copy at the next step."""
    one = BackpropTrainer(net, xor, learningrate=1e-6, momentum=0.5)
    one.train()
    net.params[:] = 0.25
    one.train()
    np.testing.assert_allclose(net.params, 0.25, atol=1e-4)
    rprop = RPropMinusTrainer(net, dataset=xor)
    rprop.train()
    net.params[:] = 3.0
    rprop.train()
    assert np.abs(net.params - 3.0).max() <= 0.12 + 1e-12


def test_a_pickled_trainer_resumes_its_state(net, xor):
    one = BackpropTrainer(net, xor, learningrate=0.1, momentum=0.9)
    one.trainEpochs(3)
    again = pickle.loads(pickle.dumps(one))
    random.seed(1)
    expected = one.train()
    random.seed(1)
    assert again.train() == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(again.module.params, one.module.params, rtol=1e-12)


@pytest.mark.parametrize("name", ["trainer_backprop", "trainer_rprop"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_trainers_pickled_by_pybrain_load_and_train(fixtures, name, protocol):
    with (fixtures / "objects" / f"{name}.p{protocol}.pkl").open("rb") as file:
        trainer = pickle.load(file, encoding="latin1")
    trainer.batchlearning = True  # the order of the samples, which is random, does not matter then
    first = trainer.testOnData()
    trainer.trainEpochs(30)
    assert trainer.testOnData() < first
    assert trainer.totalepochs == 33


def test_a_trainer_is_pickled_with_pybrains_attributes(net, xor):
    one = RPropMinusTrainer(net, dataset=xor)
    one.train()
    names = {"module", "ds", "descent", "epoch", "totalepochs", "verbose", "batchlearning", "weightdecay"}
    assert set(vars(one)) == names
    recorded = {
        *("values", "momentumvector", "lastgradient", "rprop", "rprop_theta", "alpha", "alphadecay"),
        *("momentum", "deltamax", "deltamin", "deltanull", "etaplus", "etaminus"),
    }
    assert set(vars(one.descent)) == recorded


@pytest.mark.slow
def test_a_recurrent_network_learns_to_store_its_first_input(fixtures):
    np.random.seed(1)
    random.seed(1)
    dataset = SequentialDataSet(1, 1)
    for first in (0, 1):
        for _ in range(3):
            dataset.newSequence()
            dataset.addSample([first], [0])
            dataset.addSample([0.5], [first])
    net = buildNetwork(1, 3, 1, hiddenclass=LSTMLayer, recurrent=True)
    one = RPropMinusTrainer(net, dataset=dataset)
    before = one.testOnData()
    one.trainEpochs(60)
    assert one.testOnData() < 0.05 * before


@pytest.mark.parametrize("wrapper", [MaskedModule, CheaplyCopiable])
@pytest.mark.parametrize("options", [{}, {"batchlearning": True}])
def test_a_wrapped_network_trains_like_the_network(net, xor, wrapper, options):
    wrapped = wrapper(net.copy())
    if isinstance(wrapped, MaskedModule):
        wrapped.mask[:] = True
        wrapped._applyMask()
    for module in (net, wrapped):
        random.seed(1)
        BackpropTrainer(module, xor, learningrate=0.1, momentum=0.1, **options).trainEpochs(4)
    np.testing.assert_allclose(wrapped.params, net.params, rtol=1e-12)
    np.testing.assert_allclose(wrapped.activate([1, 0]), net.activate([1, 0]), rtol=1e-12)


@pytest.mark.parametrize("zeros", [False, True])
def test_only_the_parameters_that_are_on_are_trained(net, xor, zeros):
    random.seed(3)
    masked = MaskedModule(net, returnZeros=zeros)
    off = ~masked.mask
    before = masked.maskableParams.copy()
    BackpropTrainer(masked, xor, learningrate=0.1).trainEpochs(2)
    assert (net.params != 0).tolist() == masked.mask.tolist()
    assert (masked.maskableParams != before)[masked.mask].any()
    assert zeros or (masked.maskableParams == before)[off].all()
    assert off.any()


def test_the_predicted_class_is_the_largest_output():
    np.random.seed(0)
    random.seed(0)
    dataset = ClassificationDataSet(2, nb_classes=2)
    for number in range(40):
        dataset.addSample(np.random.randn(2) + 3 * (number % 2), [number % 2])
    dataset._convertToOneOfMany()
    net = buildNetwork(2, 4, 2, outclass=SoftmaxLayer)
    one = BackpropTrainer(net, dataset, learningrate=0.1)
    one.trainEpochs(20)
    found, wanted = one.testOnClassData(return_targets=True)
    assert wanted == [0, 1] * 20
    assert found == one.testOnClassData()
    assert np.mean(np.array(found) == wanted) > 0.9


def test_verbose_training_prints_errors(net, xor, capsys):
    one = BackpropTrainer(net, xor)
    quiet = one.testOnData()
    assert one.testOnData(verbose=True) == pytest.approx(quiet, rel=1e-14)
    printed = capsys.readouterr().out
    assert "All errors: [" in printed
    assert "np." not in printed
    average = printed.partition("\nAverage error: ")[2].splitlines()[0]
    assert float(average) == pytest.approx(quiet, rel=1e-14)
    assert printed.startswith("\nTesting on data:\nout:     [")
    assert printed.count("correct: [") == printed.count("\nerror:  ") == len(xor)
    one.testOnClassData(verbose=True)
    assert "classes expected:  [0, 0, 0, 0]" in capsys.readouterr().out


def test_training_on_another_data_set_replaces_the_data_set(net, xor):
    one = BackpropTrainer(net)
    one.trainOnDataset(xor, 3)
    assert one.ds is xor
    assert one.epoch == 3


# -- until convergence ---------------------------------------------------------------------


def test_validation_data_can_be_passed(net, xor):
    one = BackpropTrainer(net, learningrate=0.1)
    trained, validated = one.trainUntilConvergence(trainingData=xor, validationData=xor, maxEpochs=5)
    assert len(validated) == len(trained) + 1
    assert one.totalepochs == 6


def test_the_best_parameters_are_kept_and_training_continues_from_them(net, xor):
    one = BackpropTrainer(net, xor, learningrate=0.5, momentum=0.5)
    one.trainUntilConvergence(trainingData=xor, validationData=xor, maxEpochs=30)
    best = one.testOnData(xor)
    one.descent.alpha = 0.0
    one.descent.momentum = 0.0
    one.train()
    assert one.testOnData(xor) == pytest.approx(best, rel=1e-12)


def test_training_stops_when_validation_errors_stop_falling():
    assert not hasConverged([3, 2, 1], window=2, decimals=3)
    assert hasConverged([1, 2, 3, 4], window=2, decimals=3)
    assert not hasConverged([4, 3, 2, 1], window=2, decimals=3)
    assert hasConverged([4, 3, 1.0001, 1.0002], window=2, decimals=3)
    assert not hasConverged([4, 3, 1.0001, 1.0002], window=2, decimals=4)


def test_a_split_without_validation_data_is_refused(net, xor):
    with pytest.raises(ValueError, match="no samples are left for validation"):
        BackpropTrainer(net, xor).trainUntilConvergence(validationProportion=0.0)
    with pytest.raises(ValueError, match="given together"):
        BackpropTrainer(net, xor).trainUntilConvergence(trainingData=xor)


# -- mistakes ------------------------------------------------------------------------------


def test_a_data_set_of_other_dimensions_is_refused_with_both_sizes(net):
    with pytest.raises(ValueError, match="the data set has 3 inputs per sample, the module has 2"):
        BackpropTrainer(net, SupervisedDataSet(3, 1))
    with pytest.raises(ValueError, match="the data set has 2 outputs per sample, the module has 1"):
        BackpropTrainer(net, SupervisedDataSet(2, 2))


def test_an_unknown_option_is_refused_and_known_options_are_listed(net, xor):
    with pytest.raises(TypeError, match=r"BackpropTrainer has no option 'rate'; accepted: .*learningrate, "):
        BackpropTrainer(net, xor, rate=0.1)
    with pytest.raises(TypeError, match=r"RPropMinusTrainer has no option 'delta'; .*delta0, .*weightdecay"):
        RPropMinusTrainer(net, dataset=xor, delta=0.1)


@pytest.mark.parametrize("trainer", [BackpropTrainer, RPropMinusTrainer])
def test_training_without_samples_is_refused(net, trainer):
    with pytest.raises(ValueError, match="the data set is empty; add samples first"):
        trainer(net, dataset=SupervisedDataSet(2, 1)).train()
    with pytest.raises(ValueError, match="there is no data set"):
        trainer(net).train()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("field", ["input", "target"])
def test_nan_and_infinity_in_samples_are_refused_before_training(net, xor, bad, field):
    xor[field][2, 0] = bad
    before = net.params.copy()
    one = BackpropTrainer(net, xor)
    for measure in (one.train, one.testOnData, lambda: xor.evaluateModuleMSE(net)):
        with pytest.raises(ValueError, match=f"row 2, column 0 of field '{field}' is {bad}"):
            measure()
    np.testing.assert_array_equal(net.params, before)


@pytest.mark.parametrize("options", [{}, {"batchlearning": True}, {"momentum": 0.9}])
@pytest.mark.parametrize("shape", [{}, {"hiddenclass": LSTMLayer}])
def test_diverging_training_is_reported_and_keeps_the_last_finite_parameters(options, shape):
    np.random.seed(1)
    random.seed(1)
    net = buildNetwork(1, 2, 1, **(shape or {"hiddenclass": TanhLayer}))
    dataset = SupervisedDataSet(1, 1)
    for value in range(20):
        dataset.addSample([value], [value])
    one = BackpropTrainer(net, dataset, learningrate=1e3, **options)
    good = net.params.copy()
    with pytest.raises(DivergenceError, match=r"diverged in epoch .* at learning rate 1000") as caught:
        for _ in range(200):
            good = net.params.copy()
            one.train()
    assert caught.value.epoch == one.totalepochs
    assert caught.value.learningrate == 1000
    np.testing.assert_array_equal(net.params, good)
    assert np.isfinite(net.activate([1])).all()
    one.descent.alpha = 1e-12
    one.descent.momentum = 0.0


def test_the_errors_of_all_epochs_are_kept_by_the_trainer(net, xor):
    one = BackpropTrainer(net, xor)
    trained, validated = one.trainUntilConvergence(trainingData=xor, validationData=xor, maxEpochs=3)
    assert one.trainingErrors[: len(trained)] == trained
    assert one.validationErrors[: len(validated)] == validated
    assert (len(one.trainingErrors), len(one.validationErrors)) == (4, 5)


def test_a_recurrent_network_begins_a_new_sequence_after_training():
    net = buildNetwork(1, 3, 1, hiddenclass=LSTMLayer, recurrent=True)
    steps = SequentialDataSet(1, 1)
    for step in range(4):
        steps.addSample([step], [1])
    BackpropTrainer(net, steps, learningrate=1e-3).train()
    after_training = net.activate([0.5])
    net.reset()
    assert after_training.tolist() == net.activate([0.5]).tolist()
