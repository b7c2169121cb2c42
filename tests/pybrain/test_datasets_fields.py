"""Data sets: fields, rows, markers, batches."""

import numpy as np
import pytest

from pybrain.datasets import SupervisedDataSet, UnsupervisedDataSet
from pybrain.datasets.dataset import DataSet, NoLinkedFieldsError, OutOfSyncError, VectorFormatError


@pytest.fixture
def xor():
    dataset = SupervisedDataSet(2, 1)
    for inp, target in (((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)):
        dataset.addSample(inp, target)
    return dataset


def test_samples_are_returned_in_the_order_in_which_they_were_added(xor):
    assert len(xor) == 4
    assert xor["input"].tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert [target.tolist() for _, target in xor] == [[0], [1], [1], [0]]
    assert (xor.indim, xor.outdim) == (2, 1)


def test_field_shapes_match_the_number_of_samples():
    dataset = UnsupervisedDataSet(3)
    for number in range(100):
        dataset.addSample([number] * 3)
    assert dataset["sample"].shape == (100, 3)
    assert dataset["sample"][:, 0].tolist() == list(range(100))


def test_arrays_are_copied_into_the_data_set():
    inputs, targets = np.arange(6.0).reshape(3, 2), np.arange(3.0)
    dataset = SupervisedDataSet(inputs, targets)
    inputs[:] = 0
    assert dataset["input"].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert dataset["target"].shape == (3, 1)


def test_an_integer_array_can_be_extended_with_fractions():
    dataset = SupervisedDataSet(np.array([[1, 2]]), np.array([1]))
    dataset.addSample([0.5, 0.25], [0.75])
    assert dataset["input"].tolist() == [[1, 2], [0.5, 0.25]]
    assert dataset["target"].ravel().tolist() == [1, 0.75]


def test_the_marker_advances_by_one_sample_and_can_be_reset(xor):
    assert xor.getSample()[1] == [0]
    assert xor.getSample()[1] == [1]
    assert xor.getSample(3)[1] == [0]
    assert xor.endOfData()
    with pytest.raises(IndexError, match="sample 4 is out of range: there are 4"):
        xor.getSample()
    xor.reset()
    assert xor.getSample()[0].tolist() == [0, 0]


def test_iterating_over_all_samples_does_not_move_the_marker(xor):
    xor.getSample()
    list(xor)
    assert xor.index == 1


@pytest.mark.parametrize(
    ("inp", "target", "message"),
    [
        ([1, 2, 3], [0], "field 'input' takes 2 values per row, not 3"),
        ([1], [0], "field 'input' takes 2 values per row, not 1"),
        ([1, 2], [0, 0], "field 'target' takes 1 values per row, not 2"),
        ([1, 2], [], "field 'target' takes 1 values per row, not 0"),
    ],
)
def test_a_sample_of_the_wrong_length_names_both_sizes_and_changes_nothing(xor, inp, target, message):
    with pytest.raises(ValueError, match=message):
        xor.addSample(inp, target)
    assert len(xor["input"]) == len(xor["target"]) == 4


def test_a_sample_needs_all_its_parts(xor):
    with pytest.raises(ValueError, match="a sample has 2 parts \\(input, target\\), not 1"):
        xor.appendLinked([1, 2])


def test_an_unknown_field_is_refused_and_known_fields_are_listed(xor):
    with pytest.raises(KeyError, match=r"no field 'inptu'.*\['input', 'target'\]"):
        xor["inptu"]


def test_one_of_several_linked_fields_cannot_be_appended_to(xor):
    with pytest.raises(OutOfSyncError, match="append to all of them at once"):
        xor.append("input", [5, 5])


def test_fields_of_different_length_are_detected_when_a_sample_is_read(xor):
    xor.setField("input", np.zeros((5, 2)))
    with pytest.raises(OutOfSyncError, match="'input': 5, 'target': 4"):
        xor.getSample(0)


def test_fields_of_different_length_cannot_be_linked():
    dataset = DataSet()
    dataset.addField("a", 1)
    dataset.addField("b", 1)
    dataset.append("a", [1])
    with pytest.raises(OutOfSyncError):
        dataset.linkFields(["a", "b"])
    with pytest.raises(NoLinkedFieldsError, match="no fields are linked"):
        dataset.getLinked()


def test_a_cleared_data_set_is_empty_and_can_be_filled_again(xor):
    xor.clear()
    assert xor["input"].shape == (0, 2)
    assert len(xor) == 0
    xor.addSample([1, 2], [3])
    assert len(xor) == 1


@pytest.mark.parametrize(
    ("name", "row"), [("none", np.ndarray), ("1d", np.ndarray), ("2d", np.ndarray), ("list", list)]
)
def test_rows_are_returned_in_the_selected_format(xor, name, row):
    xor.vectorformat = name
    sample = xor.getSample(1)
    assert isinstance(sample[0], row)
    assert np.shape(sample[0]) == ((1, 2) if name == "2d" else (2,))


def test_an_unknown_format_is_refused_with_the_known_ones(xor):
    with pytest.raises(VectorFormatError, match="'none', '1d', '2d', 'list'"):
        xor.setVectorFormat("3d")


def test_batches_partition_a_field_and_random_batches_are_random():
    dataset = UnsupervisedDataSet(1)
    for number in range(10):
        dataset.addSample(number)
    assert [len(batch) for batch in dataset.batches("sample", 4)] == [4, 4, 2]
    assert [batch.tolist() for batch in dataset.batches("sample", 2, iter([3, 1, 2]))] == [[[3], [1]], [[2]]]
    np.random.seed(1)
    drawn = np.concatenate(list(dataset.randomBatches("sample", 3)))[:, 0]
    assert sorted(drawn) == list(range(10))
    assert drawn.tolist() != list(range(10))


def test_missing_values_are_replaced_by_the_column_mean():
    dataset = SupervisedDataSet(2, 1)
    for row in ([1, 2], [np.nan, 4], [3, np.inf]):
        dataset.addSample(row, 0)
    with pytest.raises(ValueError, match="row 1, column 0 of field 'input' is nan"):
        dataset.checkFinite()
    dataset.replaceNansByMeans()
    assert dataset["input"].tolist() == [[1, 2], [2, 4], [3, 3]]
    dataset.checkFinite()


def test_a_copy_is_independent(xor):
    copy = xor.copy()
    copy.addSample([5, 5], [5])
    copy["input"][0] = 9
    assert len(xor) == 4
    assert xor["input"][0].tolist() == [0, 0]


def test_a_data_set_describes_its_contents(xor):
    assert repr(xor) == "<SupervisedDataSet: 4 samples; input(2), target(1)>"
    assert "input: dim(4, 2)" in str(xor)


def test_errors_are_half_the_mean_square(xor):
    assert xor.evaluateMSE(lambda inp: np.array([0.5])) == 0.125


def test_an_empty_data_set_has_no_error():
    with pytest.raises(ValueError, match="this SupervisedDataSet is empty; add samples first"):
        SupervisedDataSet(2, 1).evaluateMSE(lambda inp: inp)


def test_splitting_uses_numpys_seed_and_keeps_all_samples(xor):
    np.random.seed(3)
    order = np.random.permutation(4)
    np.random.seed(3)
    left, right = xor.splitWithProportion(0.75)
    assert (len(left), len(right)) == (3, 1)
    assert left["input"].tolist() == xor["input"][order[:3]].tolist()
    assert right["target"].tolist() == xor["target"][order[3:]].tolist()


def test_a_proportion_must_be_between_0_and_1(xor):
    with pytest.raises(ValueError, match=r"between 0 and 1, not 1\.5"):
        xor.splitWithProportion(1.5)
