"""Error measures of outputs, modules and trainers."""

import random

import numpy as np
import pytest

from pybrain.datasets import (
    ClassificationDataSet,
    ImportanceDataSet,
    SequenceClassificationDataSet,
    SequentialDataSet,
    SupervisedDataSet,
)
from pybrain.structure import LinearLayer, LSTMLayer, SoftmaxLayer
from pybrain.supervised.trainers import BackpropTrainer, RPropMinusTrainer
from pybrain.tools.shortcuts import buildNetwork
from pybrain.tools.validation import (
    ClassificationHelper,
    CrossValidator,
    ModuleValidator,
    SequenceHelper,
    Validator,
    testOnSequenceData,
)


@pytest.fixture(autouse=True)
def seeded():
    np.random.seed(3)
    random.seed(3)


@pytest.fixture
def echo():
    """Return a module that outputs its two inputs."""
    return LinearLayer(2)


@pytest.fixture
def blobs():
    dataset = ClassificationDataSet(2, nb_classes=2)
    for number in range(40):
        dataset.addSample(np.random.randn(2) * 0.3 + (number % 2), [number % 2])
    dataset._convertToOneOfMany()
    return dataset


def test_measures_compare_outputs_with_targets():
    assert Validator.classificationPerformance([0, 1, 2, 2], [0, 1, 1, 2]) == 0.75
    assert Validator.ESS([[1, 2], [3, 4]], [[1, 0], [0, 4]]).tolist() == [9, 4]
    assert Validator.ESS([1, 2], [0, 0]) == 5
    assert Validator.MSE([[1, 2], [3, 4]], [[1, 0], [0, 4]]) == 3.25
    assert Validator.MSE([1, 3], [0, 0], importance=[3, 1]) == (3 * 1 + 9) / 4
    with pytest.raises(ValueError, match="there are 2 outputs and 3 targets"):
        Validator.MSE([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="nothing to compare"):
        Validator.ESS([], [])


def test_the_class_is_the_index_of_the_largest_output():
    assert ClassificationHelper.oneOfManyToClasses([[0.1, 0.9], [0.8, 0.2]]).tolist() == [1, 0]


def sequences(kind=SequentialDataSet, **options):
    dataset = kind(2, 2, **options)
    for length in (2, 3):
        dataset.newSequence()
        for _ in range(length):
            dataset.addSample([1, 0], [1, 0])
    return dataset


def test_sequences_are_found_in_a_data_set():
    dataset = sequences()
    assert SequenceHelper.getSequenceStarts(dataset).tolist() == [0, 2]
    assert SequenceHelper.getSequenceEnds(dataset).tolist() == [1, 4]
    assert SequenceHelper.getSequenceEndsImportance(dataset).tolist() == [0, 1, 0, 0, 1]


def test_classification_performance_compares_classes(echo):
    dataset = SupervisedDataSet(2, 2)
    dataset.addSample([0.2, 0.7], [0, 1])
    dataset.addSample([0.6, 0.5], [0, 1])
    assert ModuleValidator.classificationPerformance(echo, dataset) == 0.5
    assert ModuleValidator.MSE(echo, dataset) == pytest.approx((0.04 + 0.09 + 0.36 + 0.25) / 4)


def test_single_outputs_are_rounded_to_classes():
    dataset = ClassificationDataSet(1, nb_classes=3)
    for value, cls in ((0.2, 0), (1.4, 1), (1.6, 1)):
        dataset.addSample([value], [cls])
    assert ModuleValidator.classificationPerformance(LinearLayer(1), dataset) == pytest.approx(2 / 3)


def test_only_the_last_step_of_a_sequence_is_compared(echo):
    dataset = SequenceClassificationDataSet(2, 2)
    for last in ([1, 0], [0, 1]):
        dataset.newSequence()
        dataset.addSample([0, 1], [1, 0])
        dataset.addSample(last, [1, 0])
    assert ModuleValidator.classificationPerformance(echo, dataset) == 0.5


def test_importance_weights_the_error(echo):
    dataset = ImportanceDataSet(2, 2)
    dataset.addSample([1, 1], [0, 0], [1, 0])
    dataset.addSample([3, 3], [0, 0], [0, 1])
    assert ModuleValidator.MSE(echo, dataset) == 5


def test_the_outputs_of_a_feed_forward_network_are_those_of_activate(blobs):
    net = buildNetwork(2, 3, 2)
    together = ModuleValidator.calculateModuleOutput(net, blobs)
    np.testing.assert_allclose(together, [net.activate(inp) for inp, _ in blobs], rtol=1e-13)


def test_a_recurrent_network_is_reset_before_each_sequence():
    net = buildNetwork(2, 2, 2, hiddenclass=LSTMLayer, recurrent=True)
    outputs = ModuleValidator.calculateModuleOutput(net, sequences())
    np.testing.assert_allclose(outputs[:2], outputs[2:4])


def test_cross_validation_tests_every_sample_once_and_does_not_change_the_trainer(blobs):
    net = buildNetwork(2, 3, 2, outclass=SoftmaxLayer)
    before = net.params.copy()
    seen = []

    def measure(module, dataset):
        seen.append(len(dataset))
        return ModuleValidator.classificationPerformance(module, dataset)

    trainer = RPropMinusTrainer(net, dataset=blobs)
    assert CrossValidator(trainer, blobs, n_folds=5, valfunc=measure, max_epochs=25).validate() > 0.8
    assert seen == [8] * 5
    np.testing.assert_array_equal(net.params, before)


def test_cross_validation_keeps_sequences_together(capsys):
    net = buildNetwork(2, 2, 2, hiddenclass=LSTMLayer, recurrent=True)
    validator = CrossValidator(
        BackpropTrainer(net), sequences(), n_folds=2, valfunc=ModuleValidator.MSE, verbosity=1
    )
    assert np.isfinite(validator.validate())
    assert "fold 2 of 2" in capsys.readouterr().out


def test_invalid_folds_and_options_are_refused(blobs):
    trainer = BackpropTrainer(buildNetwork(2, 2, 2))
    with pytest.raises(
        ValueError, match=r"40 samples or sequences can be split into 2 \.\. 40 folds, not 41"
    ):
        CrossValidator(trainer, blobs, n_folds=41).validate()
    with pytest.raises(ValueError, match="unknown option 'epochs'; expected one of max_epochs, verbosity"):
        CrossValidator(trainer, blobs, epochs=3)


def test_the_class_of_a_sequence_is_its_largest_summed_output(echo):
    dataset = SequentialDataSet(2, 2)
    for rows in (([1, 0], [0, 0.4]), ([0, 1], [0.5, 0])):
        dataset.newSequence()
        for row in rows:
            dataset.addSample(row, [1, 0])
    assert testOnSequenceData(echo, dataset) == 0.5
