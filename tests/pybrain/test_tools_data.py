"""Windows, scaling, files, libsvm data, MNIST."""

import struct

import numpy as np
import pytest

from pybrain.datasets import ClassificationDataSet, SequentialDataSet, SupervisedDataSet
from pybrain.supervised.trainers.svmtrainer import GridSearch, SVMTrainer, _optionString
from pybrain.tools.datasets.mnist import flaggedArrayByIndex, images, labels, makeMnistDataSets
from pybrain.tools.datasettools import DataSetNormalizer, convertSequenceToTimeWindows, windowSequenceEval
from pybrain.tools.filehandling import (
    addToDictFile,
    getAllFilesIn,
    pickleDumpDict,
    pickleReadDict,
    selectSome,
)
from pybrain.tools.svmdata import SVMData


@pytest.fixture
def steps():
    """Return sequences of 5 and 2 steps; the class is that of the last step."""
    dataset = SequentialDataSet(1, 1)
    for cls, length in ((0, 5), (1, 2)):
        dataset.newSequence()
        for step in range(length):
            dataset.addSample([10 * cls + step], [cls])
    return dataset


def test_windows_do_not_overlap_or_cross_sequences(steps):
    windows = convertSequenceToTimeWindows(steps, SupervisedDataSet, 2)
    assert windows["input"].tolist() == [[0, 1], [2, 3], [10, 11]]
    assert windows["target"].ravel().tolist() == [0, 0, 1]
    assert len(convertSequenceToTimeWindows(steps, ClassificationDataSet, 3)) == 1
    with pytest.raises(ValueError, match="at least 1 step, not 0"):
        convertSequenceToTimeWindows(steps, SupervisedDataSet, 0)


def test_window_classes_are_assigned_to_their_steps(steps):
    perStep, share = windowSequenceEval(steps, 2, [0, 0, 0])
    assert perStep.tolist() == [0, 0, 0, 0, -1, 0, 0]
    assert share == 0.5


@pytest.mark.parametrize("meanstd", [False, True])
def test_scaling_is_unchanged_after_saving_and_loading(tmp_path, meanstd):
    values = np.random.RandomState(1).rand(10, 3) * [1, 100, 0] + [0, 5, 7]
    dataset = SupervisedDataSet(values, np.zeros(10))
    normalizer = DataSetNormalizer(meanstd=meanstd)
    normalizer.calculate(dataset)
    normalizer.save(tmp_path / "scale.txt")
    again = DataSetNormalizer(tmp_path / "scale.txt")
    np.testing.assert_array_equal(again.normalizePattern(values), normalizer.normalizePattern(values))
    again.normalize(dataset)
    scaled = np.asarray(dataset["input"])
    if meanstd:
        np.testing.assert_allclose(scaled[:, :2].mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(scaled[:, :2].std(axis=0), 1)
    else:
        np.testing.assert_allclose(scaled[:, :2].min(axis=0), -1)
        np.testing.assert_allclose(scaled[:, :2].max(axis=0), 1)
    # A column with one value has no scale.
    np.testing.assert_array_equal(scaled[:, 2], 7)


def test_files_of_svm_scale_are_read(tmp_path):
    (tmp_path / "range").write_text("x\n-1 1\n1 0 10\n3 5 6\n")
    normalizer = DataSetNormalizer(tmp_path / "range")
    assert normalizer.normalizePattern([5, 42, 6]).tolist() == [0, 42, 1]
    with pytest.raises(ValueError, match="the scaling is for 3 columns, the data has 2"):
        normalizer.normalizePattern([1, 2])
    (tmp_path / "other").write_text("hello\n")
    with pytest.raises(ValueError, match="is not a scaling file: its first line is 'hello'"):
        DataSetNormalizer(tmp_path / "other")


def test_results_are_appended_to_their_file(tmp_path):
    name = str(tmp_path / "results")
    assert pickleReadDict(name) == {}
    assert addToDictFile(name, "run", 1)
    assert addToDictFile(name, "run", 2)
    assert pickleReadDict(name) == {"run": [1, 2]}
    assert getAllFilesIn(tmp_path) == ["results"]
    assert getAllFilesIn(tmp_path, tag="none") == []


def test_a_file_that_cannot_be_written_is_reported(tmp_path, capsys):
    assert not pickleDumpDict(str(tmp_path / "no" / "such" / "folder"), {})
    assert "was not written" in capsys.readouterr().out


def test_names_are_selected_by_their_parts():
    names = ["xor-net", "xor-log", "iris-net"]
    assert selectSome(names, ["xor", "net"]) == ["xor-net"]
    assert selectSome(names, ["log", "iris"], requireAll=False) == ["xor-log", "iris-net"]
    assert selectSome(names) == names


@pytest.mark.parametrize(
    ("name", "text"), [("a.svm", "1 1:2 2:3\n0 1:4\n"), ("a.txt", "2 3 1\n4 0 0\n")], ids=["svm", "columns"]
)
def test_samples_of_support_vector_machines_are_read(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    data = SVMData(str(tmp_path / name))
    assert data["input"].tolist() == [[2, 3], [4, 0]]
    assert data.getTargets().ravel().tolist() == [1, 0]
    assert (data.getNbClasses(), data.getNbSamples(), data.getClass(0)) == (2, 2, 1)
    assert data.getClassHistogram() == {0: 1, 1: 1}
    assert data.getFileName().endswith(name)


def test_parameters_of_libsvm_are_named_and_checked():
    assert _optionString({"C": 2.0, "gamma": 0.5}) == "-c 2.0 -g 0.5 -q"
    trainer = SVMTrainer(None, None)
    trainer.setParams(kernel_type="linear", C=3)
    assert trainer.params == {"kernel_type": 0, "C": 3}
    with pytest.raises(ValueError, match=r"unknown parameters \['cost'\]; expected one of C, "):
        trainer.setParams(cost=3)
    with pytest.raises(ValueError, match="train first"):
        trainer.save("nowhere")
    with pytest.raises(FileNotFoundError, match="model file not found"):
        trainer.load("/nowhere/model")
    jobs = GridSearch([], [], (0, -4), (2, 0), cstep=(1, 2)).calculate_jobs()
    assert len(jobs) == 9
    assert (jobs[0], jobs[-1]) == ((0, -4), (2, 0))


def idx(path, magic, sizes, content):
    path.write_bytes(struct.pack(f">{1 + len(sizes)}I", magic, *sizes) + bytes(content))


def test_handwritten_digits_are_read_from_idx_files(tmp_path):
    for part in ("train", "t10k"):
        idx(tmp_path / f"{part}-images-idx3-ubyte", 2051, (2, 1, 3), range(6))
        idx(tmp_path / f"{part}-labels-idx1-ubyte", 2049, (2,), [7, 0])
    training, test = makeMnistDataSets(tmp_path)
    assert training["input"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert test["target"][0].tolist() == flaggedArrayByIndex(7, 10).tolist()
    assert list(labels(tmp_path / "t10k-labels-idx1-ubyte")) == [7, 0]
    assert next(images(tmp_path / "t10k-images-idx3-ubyte")).tolist() == [0, 1, 2]


def test_damaged_digit_files_are_reported(tmp_path):
    idx(tmp_path / "short", 2049, (5,), [1, 2])
    with pytest.raises(ValueError, match="declares 5 bytes of data, but holds 2"):
        labels(tmp_path / "short")
    with pytest.raises(ValueError, match="begins with 2049, not 2051"):
        images(tmp_path / "short")
