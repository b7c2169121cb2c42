"""Data sets whose samples belong to sequences."""

import random

import numpy as np
import pytest

from pybrain.datasets import (
    ImportanceDataSet,
    ReinforcementDataSet,
    SequenceClassificationDataSet,
    SequentialDataSet,
)
from pybrain.datasets.sequential import EmptySequenceError


@pytest.fixture
def three():
    """Three sequences of 2, 3 and 4 steps; the input is (sequence, step), the target their sum."""
    dataset = SequentialDataSet(2, 1)
    for sequence, length in enumerate((2, 3, 4)):
        dataset.newSequence()
        for step in range(length):
            dataset.addSample([sequence, step], [sequence + step])
    return dataset


def test_sequences_keep_their_samples(three):
    assert three.getNumSequences() == 3
    assert [three.getSequenceLength(index) for index in range(3)] == [2, 3, 4]
    inputs, targets = three.getSequence(1)
    assert inputs.tolist() == [[1, 0], [1, 1], [1, 2]]
    assert targets.tolist() == [[1], [2], [3]]


def test_iterating_over_a_data_set_iterates_over_its_sequences(three):
    assert [[float(target[0]) for _, target in sequence] for sequence in three] == [
        [0, 1],
        [1, 2, 3],
        [2, 3, 4, 5],
    ]


def test_sequence_starts_are_integer_indices(three):
    start = three["sequence_index"][1, 0]
    assert start == 2
    assert len(list(three.getSequenceIterator(2))) == 4
    assert three["input"][int(start)].tolist() == [1, 0]


def test_starting_an_empty_sequence_twice_is_refused_and_adds_one(three):
    three.newSequence()
    with pytest.raises(EmptySequenceError, match="still empty"):
        three.newSequence()
    three.addSample([9, 9], [9])
    assert three.getNumSequences() == 4
    assert three.getSequenceLength(3) == 1


def test_an_empty_sequence_is_not_trained_on(three):
    three.newSequence()
    assert [len(sequence) for sequence in three._provideSequences()] == [2, 3, 4]


def test_the_marker_reports_its_sequence(three):
    three.gotoSequence(1)
    assert three.getCurrentSequence() == 1
    assert not three.endOfSequence(1)
    for _ in range(3):
        three.getSample()
    assert three.endOfSequence(1)
    assert three.getCurrentSequence() == 2


def test_removing_a_sequence_shifts_the_later_ones(three):
    three.removeSequence(1)
    assert three.getNumSequences() == 2
    assert three.getSequence(1)[0].tolist() == [[2, 0], [2, 1], [2, 2], [2, 3]]
    assert three.getSample()[0].tolist() == [2, 0]


def test_an_unknown_sequence_is_refused_with_their_number(three):
    with pytest.raises(IndexError, match="sequence 3 is out of range: there are 3"):
        three.getSequence(3)
    with pytest.raises(EmptySequenceError):
        SequentialDataSet(1, 1).getSequence(0)


def test_clearing_removes_all_sequences(three):
    three.clear()
    assert len(three) == 0
    three.addSample([1, 1], [1])
    assert three.getNumSequences() == 1


def test_splitting_follows_the_seed_of_random_and_keeps_order_and_class(three):
    random.seed(4)
    chosen = sorted(random.sample(range(3), 2))
    random.seed(4)
    left, right = three.splitWithProportion(0.7)
    assert type(left) is type(right) is SequentialDataSet
    assert [float(left.getSequence(index)[0][0, 0]) for index in range(2)] == chosen
    assert right.getNumSequences() == 1
    assert len(left) + len(right) == len(three)


def test_a_module_is_reset_before_each_sequence(three):
    class Counter:
        count = 0

        def reset(self):
            self.count = 0

        def activate(self, inp):
            self.count += 1
            return np.array([self.count - 1.0])

    # The counter outputs the step; the target is sequence + step, so the error is the sequence.
    expected = 0.5 * (3 * 1 + 4 * 4) / 9
    assert three.evaluateModuleMSE(Counter()) == pytest.approx(expected, rel=1e-15)


def test_importance_weights_errors():
    dataset = ImportanceDataSet(1, 1)
    dataset.addSample(0, 1, 3)
    dataset.addSample(0, 2)
    assert dataset["importance"].tolist() == [[3], [1]]
    assert dataset.evaluateMSE(lambda inp: np.zeros(1)) == 0.5 * (3 * 1 + 1 * 4) / 4


def test_rewards_are_summed_per_episode():
    dataset = ReinforcementDataSet(2, 1)
    for rewards in ((1, 2), (3, 4, 5)):
        dataset.newSequence()
        for reward in rewards:
            dataset.addSample([0, 0], [0], [reward])
    assert dataset.getSumOverSequences("reward").tolist() == [[3], [12]]
    assert dataset.getNumSequences() == 2


@pytest.fixture
def classified():
    dataset = SequenceClassificationDataSet(1, 1, nb_classes=2, class_labels=["low", "high"])
    for sequence in range(20):
        dataset.newSequence()
        for step in range(3):
            dataset.addSample([sequence + step], [sequence % 2])
    return dataset


def test_every_sequence_has_a_class(classified):
    assert classified.getSequenceClass(3) == 1
    assert classified.getSequenceClass().tolist() == [0, 1] * 10


def test_a_stratified_split_has_the_same_share_of_each_class(classified):
    np.random.seed(0)
    training, test = classified.stratifiedSplit(testfrac=0.2)
    assert (training.getNumSequences(), test.getNumSequences()) == (16, 4)
    assert np.bincount(test.getSequenceClass()).tolist() == [2, 2]
    assert type(test) is SequenceClassificationDataSet
    assert test.class_labels == ["low", "high"]
    parts = classified.stratifiedSplit(testfrac=0.2, evalfrac=0.3)
    assert [part.getNumSequences() for part in parts] == [10, 4, 6]


def test_splitting_by_class_keeps_sequences_together(classified):
    one, rest = classified.splitByClass(1)
    assert one.getNumSequences() == rest.getNumSequences() == 10
    assert set(one.getSequenceClass()) == {1}
    assert one.getSequence(2)[0].tolist() == [[5], [6], [7]]


def test_removing_a_sequence_removes_its_classes(classified):
    classified._convertToOneOfMany()
    classified.removeSequence(0)
    assert len(classified["class"]) == len(classified) == 57
    assert classified.getSequenceClass(0) == 1
