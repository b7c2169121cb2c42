"""Data sets of samples that belong to classes."""

import io

import numpy as np
import pytest

from pybrain.datasets import ClassificationDataSet, SupervisedDataSet


@pytest.fixture
def letters():
    dataset = ClassificationDataSet(2, class_labels=["a", "b", "c"], nb_classes=3)
    for number in range(6):
        dataset.addSample([number, number**2], [number % 3])
    return dataset


def test_classes_convert_to_one_column_each_and_back(letters):
    letters._convertToOneOfMany(bounds=[0.1, 0.9])
    assert letters["target"][1].tolist() == [0.1, 0.9, 0.1]
    assert letters["class"].ravel().tolist() == [0, 1, 2, 0, 1, 2]
    assert letters.outdim == 3
    letters._convertToOneOfMany()
    assert letters.outdim == 3
    letters._convertToClassNb()
    assert letters["target"].ravel().tolist() == [0, 1, 2, 0, 1, 2]


def test_splitting_gives_classification_data_sets(letters):
    for part in letters.splitWithProportion(0.5):
        assert type(part) is ClassificationDataSet
        assert part.nClasses == 3
        assert part.class_labels == ["a", "b", "c"]
        part._convertToOneOfMany()
        assert part["target"].shape == (3, 3)


def test_splitting_after_conversion_keeps_the_classes(letters):
    letters._convertToOneOfMany()
    left, right = letters.splitWithProportion(0.5)
    for part in (left, right):
        assert part["target"].argmax(axis=1).tolist() == part["class"].ravel().tolist()


def test_splitting_by_class_separates_one_class_from_the_rest(letters):
    one, rest = letters.splitByClass(2)
    assert one["input"][:, 0].tolist() == [2, 5]
    assert len(rest) == 4
    with pytest.raises(ValueError, match=r"there is no class 3; the classes are 0 \.\. 2"):
        letters.splitByClass(3)


def test_classes_convert_to_numbers_for_regression(letters):
    regression = letters.castToRegression([0.5, 1.5, 2.5])
    assert type(regression) is SupervisedDataSet
    assert regression["target"].ravel().tolist() == [0.5, 1.5, 2.5, 0.5, 1.5, 2.5]


def test_statistics_count_the_classes(letters):
    assert letters.calculateStatistics() == {0: 2, 1: 2, 2: 2}
    assert letters.getClass(1) == "b"


def test_classes_of_arrays_are_counted():
    dataset = ClassificationDataSet(np.zeros((4, 2)), np.array([0, 1, 1, 0]))
    assert dataset.nClasses == 2
    assert dataset.class_labels == [0, 1]
    assert dataset["class"].ravel().tolist() == [0, 1, 1, 0]


def test_a_class_must_be_an_integer(letters):
    with pytest.raises(ValueError, match=r"field 'target' takes integers .*not \[1.5\]"):
        letters.addSample([0, 0], [1.5])
    with pytest.raises(ValueError, match="takes class numbers"):
        ClassificationDataSet(np.zeros((1, 2)), np.array([[0.5]]))


def test_classes_that_do_not_start_at_0_are_refused_with_advice():
    dataset = ClassificationDataSet(1)
    for cls in (1, 2, 3):
        dataset.addSample([0], [cls])
    with pytest.raises(ValueError, match=r"class 3 is not in 0 \.\. 2: number the 3 classes from 0"):
        dataset._convertToOneOfMany()


def test_clearing_deletes_the_classes_too(letters):
    letters._convertToOneOfMany()
    letters.clear()
    for _ in range(6):
        letters.addSample([0, 0], [0, 0, 1])
    assert letters.calculateStatistics() == {2: 6}


def test_a_user_defined_data_set_is_split_without_calling_its_constructor():
    class Flowers(ClassificationDataSet):
        def __init__(self):
            super().__init__(1, nb_classes=2, class_labels=["rose", "tulip"])
            self.source = "garden"

    flowers = Flowers()
    for number in range(4):
        flowers.addSample([number], [number % 2])
    left, right = flowers.splitWithProportion(0.5)
    assert type(left) is type(right) is Flowers
    assert (left.source, len(left), len(right)) == ("garden", 2, 2)


def test_two_data_sets_with_the_same_classes_can_be_added(letters):
    assert len(letters + letters) == 12
    with pytest.raises(ValueError, match="same dimensions and class labels"):
        letters + ClassificationDataSet(2, class_labels=["x"])


def test_libsvm_files_are_read_with_gaps_as_zeros():
    dataset = ClassificationDataSet.load_libsvm(io.StringIO("1 1:0.5 3:2\n0 2:1\n\n"))
    assert dataset["input"].tolist() == [[0.5, 0, 2], [0, 1, 0]]
    assert dataset["target"].ravel().tolist() == [1, 0]
    assert dataset.nClasses == 2


def test_an_invalid_libsvm_line_is_reported():
    with pytest.raises(ValueError, match=r"line 2 is not 'label index:value \.\.\.': '0 nonsense'"):
        ClassificationDataSet.load_libsvm(io.StringIO("1 1:0.5\n0 nonsense\n"))


def test_targets_with_a_column_per_class_keep_their_fractions():
    dataset = ClassificationDataSet(1, 2)
    dataset.addSample([0], [0.1, 0.9])
    assert dataset["target"].tolist() == [[0.1, 0.9]]
