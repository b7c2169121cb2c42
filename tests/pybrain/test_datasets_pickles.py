"""Data sets in pickles: those of PyBrain load here, and those written here load in PyBrain."""

import copy
import io
import json
import pickle

import numpy as np
import pytest

from pybrain.datasets import (
    ClassificationDataSet,
    ImportanceDataSet,
    ReinforcementDataSet,
    SequenceClassificationDataSet,
    SequentialDataSet,
    SupervisedDataSet,
    UnsupervisedDataSet,
)

RECORDED = {
    "ds_supervised": SupervisedDataSet,
    "ds_from_arrays": SupervisedDataSet,
    "ds_sequential": SequentialDataSet,
    "ds_classification": ClassificationDataSet,
    "ds_classification_1ofn": ClassificationDataSet,
    "ds_importance": ImportanceDataSet,
    "ds_reinforcement": ReinforcementDataSet,
    "ds_unsupervised": UnsupervisedDataSet,
}


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("name", RECORDED)
def test_pybrain_pickles_load_with_all_values(fixtures, name, protocol):
    with (fixtures / "objects" / f"{name}.p{protocol}.pkl").open("rb") as file:
        dataset = pickle.load(file, encoding="latin1")
    assert type(dataset) is RECORDED[name]
    info = json.loads((fixtures / "objects" / "info.json").read_text())[name]
    for field in ("input", "target", "sequence_index"):
        if field in info:
            assert np.asarray(dataset[field]).tolist() == info[field]
    if "cls" in info:
        assert np.asarray(dataset["class"]).tolist() == info["cls"]
    assert len(list(dataset)) > 0


def test_a_loaded_data_set_can_be_used(fixtures):
    with (fixtures / "objects" / "ds_classification.p2.pkl").open("rb") as file:
        dataset = pickle.load(file)
    assert dataset.class_labels == ["a", "b", "c"]
    dataset.addSample([9, 9], [1])
    dataset._convertToOneOfMany()
    assert dataset["target"].shape == (7, 3)


def filled():
    supervised = SupervisedDataSet(2, 1)
    supervised.addSample([1, 2], [3])
    sequential = SequentialDataSet(1, 1)
    sequences = SequenceClassificationDataSet(1, 1, nb_classes=2, class_labels=["x", "y"])
    for dataset in (sequential, sequences):
        for number in range(3):
            dataset.newSequence()
            dataset.addSample([number], [number % 2])
    classes = ClassificationDataSet(1, class_labels=["x", "y"])
    classes.addSample([1], [1])
    importance = ImportanceDataSet(1, 1)
    importance.addSample([1], [2], [3])
    rewards = ReinforcementDataSet(2, 1)
    rewards.addSample([1, 2], [3], [4])
    unsupervised = UnsupervisedDataSet(2)
    unsupervised.addSample([1, 2])
    return [supervised, sequential, sequences, classes, importance, rewards, unsupervised]


def same(one, other):
    return (
        type(one) is type(other)
        and one.link == other.link
        and one.endmarker == other.endmarker
        and all(np.array_equal(one[name], other[name]) for name in one.data)
    )


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dataset", filled(), ids=lambda dataset: type(dataset).__name__)
def test_every_data_set_type_survives_every_pickle_protocol(dataset, protocol):
    again = pickle.loads(pickle.dumps(dataset, protocol))
    assert same(dataset, again)
    again.clear()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
@pytest.mark.parametrize("dataset", filled(), ids=lambda dataset: type(dataset).__name__)
def test_every_data_set_type_can_be_copied(dataset, copied):
    assert same(dataset, copied(dataset))


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("dataset", filled(), ids=lambda dataset: type(dataset).__name__)
def test_a_pickle_refers_only_to_names_of_pybrain_and_any_numpy(dataset, protocol):
    names = set()

    class Recorder(pickle.Unpickler):
        def find_class(self, module, name):
            names.add(f"{module}.{name}")
            return super().find_class(module, name)

    Recorder(io.BytesIO(pickle.dumps(dataset, protocol))).load()
    foreign = {name for name in names if not name.startswith("pybrain.datasets.")}
    assert foreign <= {"numpy.ndarray", "numpy.dtype", "_codecs.encode", "__builtin__.bytes"}


def test_the_pickled_state_has_pybrains_attributes():
    dataset = ClassificationDataSet(2, class_labels=["a"], nb_classes=1)
    dataset.addSample([1, 2], [0])
    cls, arguments, state, listitems, dictitems = dataset.__reduce__()
    assert (cls, arguments) == (ClassificationDataSet, (2, 1, 1, ["a"]))
    assert set(state) == {"data", "link", "endmarker"}
    assert list(listitems) == list(dictitems) == []


def test_files_are_saved_and_loaded_by_name(tmp_path):
    dataset = filled()[0]
    dataset.saveToFile(str(tmp_path / "samples.pkl"))
    assert same(dataset, SupervisedDataSet.loadFromFile(str(tmp_path / "samples.pkl")))
    assert same(dataset, SupervisedDataSet.reconstruct(str(tmp_path / "samples.pkl")))
