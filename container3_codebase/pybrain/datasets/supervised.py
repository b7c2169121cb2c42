"""Data sets for supervised learning: samples of an input and its target."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING

import numpy as np

from pybrain.datasets.dataset import DataSet
from pybrain.datasets.flat import FlatData, meanErrorOf
from pybrain.structure.overrides import isOfLibrary
from pybrain.utilities import fListToString

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, Self

    from pybrain._typing import Array, ArrayLike, IntArray


def _dimension(value: Any) -> int | None:
    """Return `value` as a dimension, or None if it is data."""
    return int(value) if isinstance(value, numbers.Integral) else None


def sampleError(sample: Sequence[Any], output: Array) -> tuple[float, float]:
    """Return half the squared error of one sample, and its weight in the divisor of a mean.

    Args:
        sample: (input, target) or (input, target, importance).
        output: the output computed for the input, shape (outdim,).

    Returns:
        Without importance 1/2 sum (t-y)^2 and the number of outputs; with importance w,
        1/2 sum w (t-y)^2 and sum w.
    """
    difference = np.ravel(np.asarray(sample[1]) - output)
    if len(sample) > 2:
        importance = np.ravel(sample[2])
        return 0.5 * float(importance @ difference**2), float(importance.sum())
    return 0.5 * float(difference @ difference), difference.size


def meanError(parts: Iterable[tuple[float, float]]) -> float:
    """Return the sum of errors divided by the sum of weights, from (error, weight) pairs."""
    total, ponderation = np.sum(list(parts), axis=0)
    return float(total / ponderation)


class SupervisedDataSet(DataSet):
    """Samples (input, target).

    Args:
        inp: the number of inputs, or an array of inputs, shape (rows, indim).
        target: the number of targets, or an array of targets, shape (rows, outdim).
    """

    def __init__(self, inp: Any, target: Any) -> None:
        DataSet.__init__(self)
        for label, given in (("input", inp), ("target", target)):
            dim = _dimension(given)
            if dim is None:
                self.setField(label, given)
            else:
                self.addField(label, dim)
        self.linkFields(["input", "target"])

    indim = property(lambda self: self.getDimension("input"), None, None, "number of inputs")
    outdim = property(lambda self: self.getDimension("target"), None, None, "number of targets")

    def _constructorArguments(self) -> tuple[Any, ...]:
        return self.indim, self.outdim

    def addSample(self, inp: Any, target: Any) -> None:
        """Append a sample.

        Args:
            inp: the input, shape (indim,), or a number.
            target: the target, shape (outdim,), or a number.

        Raises:
            ValueError: a length differs from that of the field; nothing is appended.
        """
        self.appendLinked(inp, target)

    def getSample(self, index: int | None = None) -> list[Any]:
        """Return [input, target] of one sample; without an index, of the next one."""
        return self.getLinked(index)

    def setField(self, label: str, arr: ArrayLike, **kwargs: Any) -> None:
        """Set the content of a field to a copy of an array; see `DataSet.setField`.

        Args:
            label: name of the field.
            arr: the new content, shape (rows, dim), or (rows,) for one column.
            **kwargs: options of `DataSet.setField`.
        """
        DataSet.setField(self, label, arr, **kwargs)

    def _provideSequences(self) -> Iterator[list[Any]]:
        """Iterate over sequences: each sample is a sequence of its own."""
        return iter([[sample] for sample in self])

    def evaluateMSE(self, f: Callable[[Any], Any], **args: Any) -> float:
        """Return the error of a function on all samples: half the mean squared error.

        Args:
            f: maps an input, shape (indim,), to an output, shape (outdim,).
            **args: `verbose=True` prints every output beside its target.

        Returns:
            sum of 1/2 (t-y)^2, divided by the number of target values (or the sum of importances).
        """
        self._checkUsable()
        return meanError(self._evaluateSequence(f, sequence, **args) for sequence in self._provideSequences())

    def evaluateModuleMSE(self, module: Any, averageOver: int = 1, **args: Any) -> float:
        """Return the error of a module as `evaluateMSE` does, averaged over several passes.

        Args:
            module: the module.
            averageOver: number of passes to average over.
            **args: options of `evaluateMSE`.
        """
        together = None if args else self._errorTogether(module)
        if together is not None:
            return together
        total = 0.0
        for _ in range(averageOver):
            module.reset()
            total += self.evaluateMSE(module.activate, **args)
        return total / averageOver

    def _errorTogether(self, module: Any) -> float | None:
        """Return the error of a module that can compute all rows at once, else None."""
        self._checkUsable()
        return meanErrorOf(module, self)

    def _flat(self) -> FlatData | None:
        """Return the samples as arrays, or None if a subclass provides them in its own way."""
        if not self._providesAs(SupervisedDataSet, DataSet):
            return None
        return FlatData(self, None)

    def _providesAs(self, sequences: type, samples: type) -> bool:
        """Return whether sequences and samples are provided as in these classes, in the usual fields."""
        kind: Any = type(self)
        own = vars(self)
        if "_provideSequences" in own or "_sample" in own or not isOfLibrary(kind._provideSequences):
            return False
        expected: tuple[Any, Any] = (sequences, samples)
        if (
            kind._provideSequences is not expected[0]._provideSequences
            or kind.__iter__ is not expected[1].__iter__
        ):
            return False
        usual = (["input", "target"], ["input", "target", "importance"])
        return kind._sample is DataSet._sample and self.link in usual

    def _checkUsable(self) -> None:
        if len(self) == 0:
            raise ValueError(f"this {type(self).__name__} is empty; add samples first")
        self.checkFinite()

    def _evaluateSequence(
        self, f: Callable[[Any], Any], sequence: Iterable[Any], verbose: bool = False
    ) -> tuple[float, float]:
        total, ponderation = 0.0, 0.0
        for sample in sequence:
            output = np.asarray(f(sample[0]))
            error, weight = sampleError(sample, output)
            total += error
            ponderation += weight
            if verbose:
                print("out:    ", fListToString(list(np.ravel(output))))
                print("correct:", fListToString(list(np.ravel(sample[1]))))
                print(f"error:  {error: .8f}")
        return total, ponderation

    def _emptyLike(self) -> Self:
        """Return an empty data set of the same class, with the same fields and all other attributes."""
        # Not through the constructor, because a subclass may have other arguments.
        empty = type(self).__new__(type(self))
        empty.__dict__.update(self.__dict__)
        empty.data = {label: field[:0].copy() for label, field in self.data.items()}
        empty.endmarker = dict.fromkeys(self.data, 0)
        empty.link = list(self.link)
        empty.index = 0
        return empty

    def _subset(self, rows: IntArray) -> Self:
        """Return a data set of the same kind with only these rows of every field of full length."""
        subset = self._emptyLike()
        length = len(self)
        for label in self.data:
            if self.endmarker[label] == length:
                subset.data[label] = self.data[label][:length][rows].copy()
                subset.endmarker[label] = len(subset.data[label])
        return subset

    def splitWithProportion(self, proportion: float = 0.5) -> tuple[Self, Self]:
        """Split into two data sets of the same class at random.

        The rows are permuted with `numpy.random.permutation`; the first int(n * proportion) of
        them form the first data set, the others the second.
        """
        if not 0 <= proportion <= 1:
            raise ValueError(f"proportion must be between 0 and 1, not {proportion}")
        order = np.random.permutation(len(self))
        separator = int(len(self) * proportion)
        return self._subset(order[:separator]), self._subset(order[separator:])
