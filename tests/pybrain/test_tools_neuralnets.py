"""Tools that train networks with early stopping."""

import csv
import random

import numpy as np
import pytest

from pybrain.datasets import ClassificationDataSet, SequenceClassificationDataSet, SupervisedDataSet
from pybrain.tools.customxml import NetworkReader
from pybrain.tools.neuralnets import NNclassifier, NNregression


@pytest.fixture(autouse=True)
def seeded():
    np.random.seed(3)
    random.seed(3)


def curve(count):
    dataset = SupervisedDataSet(1, 1)
    for x in np.linspace(-1, 1, count):
        dataset.addSample([x], [np.sin(3 * x)])
    return dataset


def classes(count):
    dataset = ClassificationDataSet(2, nb_classes=2)
    for number in range(count):
        dataset.addSample(np.random.randn(2) * 0.3 + number % 2, [number % 2])
    return dataset


def test_regression_fits_a_curve_and_keeps_the_best_network(tmp_path):
    fit = NNregression(curve(20), VDS=curve(7), maxepochs=60, epoinc=10, hidden=6)
    fit.setupNN()
    fit.runTraining()
    assert len(fit.trainCurve) == len(fit.testCurve) == 6
    assert fit.Trainer.testOnData(fit.VDS) == min(fit.testCurve)
    assert min(fit.testCurve) < 0.05 < fit.testCurve[0]
    fit.saveTrainingCurve(tmp_path / "curve.csv")
    rows = list(csv.reader((tmp_path / "curve.csv").read_text().splitlines()))
    assert [int(row[0]) for row in rows] == [10, 20, 30, 40, 50, 60]
    fit.saveNetwork(tmp_path / "net.xml")
    net = NetworkReader.readFrom(str(tmp_path / "net.xml"))
    np.testing.assert_allclose(net.activate([0.3]), fit.best.activate([0.3]), rtol=1e-12)


def test_classification_learns_classes_and_reports_percentages(capsys):
    fit = NNclassifier(classes(40), VDS=classes(20), maxepochs=40, verbose=True)
    fit.setupNN(hidden=4)
    fit.runTraining(convergence=3)
    assert min(fit.testCurve) <= 10
    assert fit.VDS.outdim == 2
    assert "error" in capsys.readouterr().out


def test_training_stops_when_the_error_stops_falling():
    fit = NNclassifier(classes(40), maxepochs=1000, epoinc=1)
    fit.setupNN(hidden=4)
    fit.runTraining(convergence=3)
    assert len(fit.testCurve) < 200


def test_sequences_are_classified_by_a_recurrent_network():
    dataset = SequenceClassificationDataSet(1, 1, nb_classes=2)
    for number in range(6):
        dataset.newSequence()
        for _ in range(3):
            dataset.addSample([number % 2], [number % 2])
    fit = NNclassifier(dataset, maxepochs=10)
    fit.setupRNN(hidden=2)
    fit.runTraining()
    assert fit.best.outdim == 2


def test_user_errors_are_explained():
    with pytest.raises(ValueError, match="unknown option 'hiden'; expected one of TDS, VDS, hidden"):
        NNregression(curve(3), hiden=3)
    with pytest.raises(ValueError, match="call setupNN first"):
        NNregression(curve(3)).runTraining()
