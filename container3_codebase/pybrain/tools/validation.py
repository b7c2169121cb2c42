"""Measures the performance of modules: on data sets, on sequences, by cross-validation."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np

# Some are not used here: programs import them from this module, as PyBrain's has them.
from pybrain.datasets import SupervisedDataSet, flat
from pybrain.datasets.importance import ImportanceDataSet
from pybrain.datasets.sequential import SequentialDataSet

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _pair(output: Any, target: Any) -> Any:
    """Return both as arrays, or raise a ValueError if their lengths differ."""
    output, target = np.asarray(output), np.asarray(target)
    if len(output) != len(target):
        raise ValueError(f"there are {len(output)} outputs and {len(target)} targets")
    if len(output) == 0:
        raise ValueError("there is nothing to compare: no outputs and no targets")
    return output, target


class Validator:
    """Compares outputs with targets."""

    @classmethod
    def classificationPerformance(cls, output: Any, target: Any) -> float:
        """Return the fraction of correct classes.

        Args:
            output: predicted class numbers, shape (n,) or (n, 1).
            target: true class numbers, of the same shape.
        """
        output, target = _pair(output, target)
        return float(np.mean(np.ravel(output) == np.ravel(target)))

    @classmethod
    def ESS(cls, output: Any, target: Any) -> Any:
        """Return the sum of squared differences, or an array of sums for several columns.

        Args:
            output: predicted values, shape (n,) or (n, columns).
            target: true values, of the same shape.
        """
        output, target = _pair(output, target)
        return ((output.reshape(target.shape) - target) ** 2).sum(axis=0)

    @classmethod
    def MSE(cls, output: Any, target: Any, importance: Any = None) -> float:
        """Return the mean of squared differences, weighted by importance if given.

        Args:
            output: predicted values, shape (n,) or (n, columns).
            target: true values, of the same shape.
            importance: weights of the values, of the same shape; None for equal weights.
        """
        output, target = _pair(output, target)
        squares = (output.reshape(target.shape) - target) ** 2
        return float(
            np.average(squares, weights=None if importance is None else np.reshape(importance, squares.shape))
        )


class ClassificationHelper:
    """Turns outputs into classes."""

    @classmethod
    def oneOfManyToClasses(cls, data: Any) -> Any:
        """Return the column of the largest value of each row, shape (n,), for data of shape (n, classes)."""
        return np.atleast_2d(data).argmax(axis=1)


class SequenceHelper:
    """Finds the beginnings and ends of sequences."""

    @classmethod
    def getSequenceEnds(cls, dataset: Any) -> Any:
        """Return the row of the last sample of each sequence."""
        return np.array([end - 1 for start, end in dataset._bounds() if end > start], dtype=int)

    @classmethod
    def getSequenceStarts(cls, dataset: Any) -> Any:
        """Return the row of the first sample of each sequence."""
        return np.array([start for start, end in dataset._bounds() if end > start], dtype=int)

    @classmethod
    def getSequenceEndsImportance(cls, dataset: Any) -> Any:
        """Return 1 for the last sample of each sequence and 0 for all others, shape (rows,)."""
        importance = np.zeros(len(dataset))
        importance[cls.getSequenceEnds(dataset)] = 1.0
        return importance


class ModuleValidator:
    """Measures modules on data sets."""

    @classmethod
    def classificationPerformance(cls, module: Any, dataset: Any) -> float:
        """Return the fraction of samples (for sequences, of their last samples) whose class is correct.

        With several outputs the class is the largest one; a single output is rounded.

        Args:
            module: the module.
            dataset: the data set, with class numbers or one target column per class.
        """
        output, target = cls.calculateModuleOutput(module, dataset), np.asarray(dataset["target"])
        if isinstance(dataset, SequentialDataSet):
            ends = SequenceHelper.getSequenceEnds(dataset)
            output, target = output[ends], target[ends]
        return Validator.classificationPerformance(_classes(output), _classes(target))

    @classmethod
    def MSE(cls, module: Any, dataset: Any) -> float:
        """Return the mean squared error, weighted by importance if the data set has it.

        Args:
            module: the module.
            dataset: the data set.
        """
        return cls.validate(Validator.MSE, module, dataset)

    @classmethod
    def validate(cls, valfunc: Callable[..., Any], module: Any, dataset: Any) -> Any:
        """Return `valfunc(output, target)`, with the importance as third argument if there is one.

        Args:
            valfunc: takes (output, target) or (output, target, importance).
            module: the module.
            dataset: the data set.
        """
        output, target = cls.calculateModuleOutput(module, dataset), np.asarray(dataset["target"])
        if isinstance(dataset, ImportanceDataSet):
            return valfunc(output, target, dataset["importance"])
        return valfunc(output, target)

    @classmethod
    def calculateModuleOutput(cls, module: Any, dataset: Any) -> Any:
        """Return the outputs for all samples, shape (rows, outdim); the module is reset before each sequence.

        Args:
            module: the module.
            dataset: the data set.
        """
        if len(dataset) == 0:
            raise ValueError("the data set is empty; add samples first")
        dataset.checkFinite()
        together = flat.outputs(module, dataset)
        if together is not None:
            return together
        if not hasattr(module, "activate"):
            # Support vector machines predict for data sets only.
            return np.asarray(module.activateOnDataset(dataset))
        outputs = []
        for sequence in dataset._provideSequences():
            module.reset()
            outputs += [np.array(module.activate(sample[0])) for sample in sequence]
        return np.array(outputs)


def _classes(values: Any) -> Any:
    """Return classes, shape (rows,), from one column of numbers or one column per class."""
    values = np.asarray(values)
    return np.rint(values).ravel() if values.ndim < 2 or values.shape[1] == 1 else values.argmax(axis=1)


class CrossValidator:
    """Estimates the performance of a trainer's module on samples that it was not trained on.

    Args:
        trainer: the trainer, copied for every fold with the current state of its module.
        dataset: the data set to split at random into folds, each of which is tested once.
        n_folds: number of folds.
        valfunc: takes (module, dataset) and returns a score.
        **kwargs: `max_epochs`, the number of training epochs per fold (without it, one call of `train`);
            `verbosity`, above 0 to print the score of every fold.
    """

    def __init__(
        self,
        trainer: Any,
        dataset: Any,
        n_folds: int = 5,
        valfunc: Callable[..., Any] = ModuleValidator.classificationPerformance,
        **kwargs: Any,
    ) -> None:
        self._trainer = trainer
        self._dataset = dataset
        self._n_folds = n_folds
        self._calculatePerformance = valfunc
        self._max_epochs = None
        self.verbosity = 0
        self.setArgs(**kwargs)

    def setArgs(self, **kwargs: Any) -> None:
        """Set options after construction: `max_epochs`, `verbosity`."""
        names = {"max_epochs": "_max_epochs", "verbosity": "verbosity"}
        for name, value in kwargs.items():
            if name not in names:
                raise ValueError(f"unknown option {name!r}; expected one of {', '.join(names)}")
            setattr(self, names[name], value)

    def validate(self) -> float:
        """Train and test on every fold.

        Returns:
            The mean score.
        """
        sequential = isinstance(self._dataset, SequentialDataSet)
        count = self._dataset.getNumSequences() if sequential else len(self._dataset)
        if not 2 <= self._n_folds <= count:
            raise ValueError(
                f"{count} samples or sequences can be split into 2 .. {count} folds, not {self._n_folds}"
            )
        part = self._dataset._withSequences if sequential else self._dataset._subset
        folds = np.array_split(np.random.permutation(count), self._n_folds)
        figures = []
        for index, fold in enumerate(folds):
            rest = np.concatenate(folds[:index] + folds[index + 1 :])
            figures.append(self._foldFigure(part(rest), part(fold)))
            if self.verbosity > 0:
                print(f"fold {index + 1} of {self._n_folds}: {figures[-1]:g}")
        return float(np.mean(figures))

    def _foldFigure(self, training: Any, test: Any) -> float:
        trainer = deepcopy(self._trainer)
        trainer.setData(training)
        if self._max_epochs:
            trainer.trainEpochs(self._max_epochs)
        else:
            trainer.train()
        return self._calculatePerformance(trainer.module, test)


def testOnSequenceData(module: Any, dataset: Any) -> float:
    """Return the fraction of sequences whose class is correct.

    The class of a sequence is the largest of the outputs summed over its steps; targets have one
    column per class.

    Args:
        module: the module.
        dataset: the sequences.
    """
    right = []
    for sequence in dataset._provideSequences():
        module.reset()
        summed = np.sum([module.activate(sample[0]) for sample in sequence], axis=0)
        right.append(summed.argmax() == np.argmax(sequence[-1][1]))
    return float(np.mean(right))


vars(testOnSequenceData)["__test__"] = False
