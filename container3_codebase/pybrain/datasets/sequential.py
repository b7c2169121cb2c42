"""Samples that belong to sequences: time series, episodes, sentences."""

from __future__ import annotations

from random import sample as draw
from typing import TYPE_CHECKING

import numpy as np

from pybrain.datasets.dataset import DataSet
from pybrain.datasets.flat import FlatData
from pybrain.datasets.supervised import SupervisedDataSet, meanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, Self

    from pybrain._typing import ArrayLike, IntArray


class EmptySequenceError(Exception):
    """A sequence without samples was requested."""


class SequentialDataSet(SupervisedDataSet):
    """Samples (input, target) in sequences.

    The field 'sequence_index' holds the row at which each sequence begins. It is stored as
    floating point, as PyBrain stores it; all methods return integers.

    Args:
        indim: number of inputs, or an array of inputs (one sequence).
        targetdim: number of targets, or an array of targets.
    """

    def __init__(self, indim: Any, targetdim: Any) -> None:
        SupervisedDataSet.__init__(self, indim, targetdim)
        self._startSequences()

    def _startSequences(self) -> None:
        self.addField("sequence_index", 1)
        self.append("sequence_index", [0])
        self.currentSeq = 0

    # -- where sequences begin and end --------------------------------------------------

    def _starts(self) -> IntArray:
        return self.data["sequence_index"][: self.endmarker["sequence_index"], 0].astype(int)

    def _bounds(self) -> list[tuple[int, int]]:
        """Return (start, end) of every sequence, end exclusive."""
        starts = self._starts().tolist()
        return list(zip(starts, [*starts[1:], self.getLength()], strict=True)) if self.getLength() else []

    def _boundsOf(self, index: int) -> tuple[int, int]:
        bounds = self._bounds()
        if not bounds:
            raise EmptySequenceError("the data set is empty, so it has no sequence")
        if not -len(bounds) <= index < len(bounds):
            raise IndexError(f"sequence {index} is out of range: there are {len(bounds)}")
        return bounds[index]

    def newSequence(self) -> None:
        """Begin a new sequence with the next sample; no effect if there are no samples yet.

        Raises:
            EmptySequenceError: the last sequence, which is not the first, has no sample yet.
        """
        length = self.getLength()
        if length == 0:
            return
        if self._starts()[-1] == length:
            raise EmptySequenceError(
                "the last sequence is still empty: add a sample before the next one begins"
            )
        self.append("sequence_index", [length])

    def getNumSequences(self) -> int:
        """Return the number of sequences, including one that was begun and is still empty."""
        return self.endmarker["sequence_index"]

    def getSequenceLength(self, index: int) -> int:
        """Return the number of samples in a sequence."""
        start, end = self._boundsOf(index)
        return end - start

    def getSequence(self, index: int) -> list[Any]:
        """Return a sequence as one array per linked field, each of shape (length, dim)."""
        start, end = self._boundsOf(index)
        return [self._convert(self.data[label][start:end]) for label in self.link]

    def getSequenceIterator(self, index: int) -> Iterator[list[Any]]:
        """Iterate over the samples of one sequence."""
        start, end = self._boundsOf(index)
        for row in range(start, end):
            yield self._sample(row)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the sequences, each an iterator over its samples."""
        for index in range(len(self._bounds())):
            yield self.getSequenceIterator(index)

    def _flat(self) -> FlatData | None:
        """Return the samples as arrays, or None if a subclass provides them in its own way."""
        if not self._providesAs(SequentialDataSet, SequentialDataSet):
            return None
        return FlatData(self, list(self._bounds()))

    def _provideSequences(self) -> Iterator[list[Any]]:
        """Iterate over the sequences, each a list of samples; empty ones are left out."""
        sequences = (list(sequence) for sequence in self)
        return iter([sequence for sequence in sequences if sequence])

    # -- the marker ---------------------------------------------------------------------

    def endOfSequence(self, index: int) -> bool:
        """Tell whether the marker has left the given sequence."""
        return self.index >= self._boundsOf(index)[1]

    def gotoSequence(self, index: int) -> None:
        """Move the marker to the first sample of a sequence."""
        self.index = self._boundsOf(index)[0]
        self.currentSeq = index

    def getCurrentSequence(self) -> int:
        """Return the index of the sequence that the marker is in."""
        return int(np.searchsorted(self._starts(), self.index, side="right")) - 1

    # -- changing -----------------------------------------------------------------------

    def removeSequence(self, index: int) -> None:
        """Remove a sequence and move the marker to the sample that followed it."""
        start, end = self._boundsOf(index)
        index %= self.getNumSequences()
        for label in self.link:
            self.data[label] = np.delete(self.data[label][: self.endmarker[label]], slice(start, end), axis=0)
            self.endmarker[label] -= end - start
        starts = np.delete(self._starts(), index)
        starts[index:] -= end - start
        self._setStarts(starts if len(starts) else [0])
        self.index = start
        self.currentSeq = max(0, self.getCurrentSequence())

    def _setStarts(self, starts: ArrayLike) -> None:
        self.setField("sequence_index", np.asarray(starts, dtype=float).reshape(-1, 1))

    def clear(self, unlinked: bool = False) -> None:
        """Delete all samples, and begin the first sequence again."""
        DataSet.clear(self, True)
        self.append("sequence_index", [0])
        self.currentSeq = 0

    # -- derived ------------------------------------------------------------------------

    def evaluateModuleMSE(self, module: Any, averageOver: int = 1, **args: Any) -> float:
        """Return half the mean squared error of a module, which is reset before every sequence.

        Args:
            module: the module.
            averageOver: number of passes to average over.
            **args: options of `evaluateMSE`.
        """
        together = None if args else self._errorTogether(module)
        if together is not None:
            return together
        self._checkUsable()
        parts = []
        for _ in range(averageOver):
            for sequence in self._provideSequences():
                module.reset()
                parts.append(self._evaluateSequence(module.activate, sequence, **args))
        return meanError(parts)

    def _emptyLike(self) -> Self:
        empty = SupervisedDataSet._emptyLike(self)
        empty.append("sequence_index", [0])
        empty.currentSeq = 0
        return empty

    def _withSequences(self, chosen: Iterable[int]) -> Self:
        """Return a data set of the same kind with only the given sequences, in the given order."""
        bounds = self._bounds()
        rows = [np.arange(*bounds[index]) for index in chosen]
        subset = self._subset(np.concatenate([np.zeros(0, dtype=int), *rows]))
        lengths = [len(part) for part in rows]
        subset._setStarts(np.cumsum([0, *lengths[:-1]]))
        return subset

    def _subset(self, rows: IntArray) -> Self:
        subset = self._emptyLike()
        for label in self.data:
            if label != "sequence_index" and self.endmarker[label] == self.getLength():
                subset.data[label] = self.data[label][: self.getLength()][rows].copy()
                subset.endmarker[label] = len(rows)
        return subset

    def splitWithProportion(self, proportion: float = 0.5) -> tuple[Self, Self]:
        """Split whole sequences at random into two data sets of the same class.

        int(sequences * proportion) of them, drawn with the standard library's `random.sample`,
        form the first data set; both keep the order of the sequences.
        """
        if not 0 <= proportion <= 1:
            raise ValueError(f"proportion must be between 0 and 1, not {proportion}")
        count = len(self._bounds())
        left = set(draw(range(count), int(count * proportion)))
        right = [index for index in range(count) if index not in left]
        return self._withSequences(sorted(left)), self._withSequences(right)
