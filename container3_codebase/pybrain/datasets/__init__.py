"""Data sets: tables of named fields whose rows belong together."""

from pybrain.datasets.classification import ClassificationDataSet, SequenceClassificationDataSet
from pybrain.datasets.importance import ImportanceDataSet
from pybrain.datasets.reinforcement import ReinforcementDataSet
from pybrain.datasets.sequential import SequentialDataSet
from pybrain.datasets.supervised import SupervisedDataSet
from pybrain.datasets.unsupervised import UnsupervisedDataSet

__all__ = [
    "ClassificationDataSet",
    "ImportanceDataSet",
    "ReinforcementDataSet",
    "SequenceClassificationDataSet",
    "SequentialDataSet",
    "SupervisedDataSet",
    "UnsupervisedDataSet",
]
