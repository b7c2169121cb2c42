"""Samples that belong to classes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pybrain.datasets.dataset import DataSet
from pybrain.datasets.sequential import SequentialDataSet
from pybrain.datasets.supervised import SupervisedDataSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, BinaryIO, Self

    from pybrain._typing import IntArray, StrPath


class ClassificationDataSet(SupervisedDataSet):
    """Samples (input, class), where the class is a number 0 .. nClasses-1.

    The target is the class number until `_convertToOneOfMany` expands it to one column per class;
    the field 'class' then keeps the numbers.

    Args:
        inp: number of inputs, or an array of inputs, shape (rows, indim).
        target: number of target columns, or an array of class numbers.
        nb_classes: number of classes, if known beforehand; otherwise counted when needed.
        class_labels: names of the classes, in order.
    """

    def __init__(
        self, inp: Any, target: Any = 1, nb_classes: int = 0, class_labels: Iterable[Any] | None = None
    ) -> None:
        SupervisedDataSet.__init__(self, inp, target)
        self._startClasses(nb_classes, class_labels)

    def _startClasses(self, nb_classes: int, class_labels: Iterable[Any] | None) -> None:
        self.addField("class", 1)
        self.nClasses = nb_classes
        if self.outdim == 1:
            self._wholeNumbers("target")
            if len(self) and not nb_classes:
                self.nClasses = len(np.unique(self["target"]))
        self.convertField("class", int)
        if len(self) and self.outdim == 1:
            self.assignClasses()
        if class_labels is None:
            self.class_labels = (
                [int(value) for value in np.unique(self["target"])] if self.outdim == 1 else []
            )
        else:
            self.class_labels = list(class_labels)

    def _wholeNumbers(self, label: str) -> None:
        field = self.data[label][: self.endmarker[label]]
        if not np.all(np.isfinite(field) & (field == np.trunc(field))):
            raise ValueError(f"field {label!r} takes class numbers; some of its values are not integers")
        self.convertField(label, int)

    def _constructorArguments(self) -> tuple[Any, ...]:
        return self.indim, self.outdim, self.nClasses, self.class_labels

    def __add__(self, other: Any) -> Self:
        """Return a data set with the samples of both, which must have the same classes."""
        if (
            self.class_labels != other.class_labels
            or self.outdim != other.outdim
            or self.indim != other.indim
        ):
            raise ValueError("only data sets with the same dimensions and class labels can be added")
        result = self.copy()
        for label in result.data:
            result.setField(label, np.concatenate([self[label], other[label]]))
        return result

    # -- files --------------------------------------------------------------------------

    @staticmethod
    def load_matlab(fname: StrPath) -> ClassificationDataSet:
        """Read a Matlab file with the variables Xtrain (inputs) and Ttrain (class numbers).

        Raises:
            ImportError: SciPy, which reads these files, is not installed.
        """
        try:
            from scipy.io import loadmat
        except ImportError as error:
            raise ImportError("reading Matlab files needs SciPy: pip install scipy") from error
        content = loadmat(fname)
        dataset = ClassificationDataSet(content["Xtrain"], content["Ttrain"].reshape(-1, 1))
        dataset.assignClasses()
        return dataset

    @classmethod
    def load_libsvm(cls, f: Any) -> Self:
        """Read libsvm's sparse text format: a line is `label index:value ...`, indices from 1.

        Args:
            f: an open text file or a file name.

        Raises:
            ValueError: a line does not have this form; the message names it.
        """
        lines = Path(f).read_text().splitlines() if isinstance(f, (str, Path)) else f.readlines()
        labels, rows, width = [], [], 0
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                label, *pairs = line.split()
                row = {int(index): float(value) for index, value in (pair.split(":") for pair in pairs)}
                labels.append(int(float(label)))
            except ValueError:
                raise ValueError(f"line {number} is not 'label index:value ...': {line.strip()!r}") from None
            rows.append(row)
            width = max([width, *row])
        inputs = np.zeros((len(rows), width))
        for position, row in enumerate(rows):
            for index, value in row.items():
                inputs[position, index - 1] = value
        dataset = cls(inputs, np.array(labels, dtype=int).reshape(-1, 1))
        dataset.assignClasses()
        return dataset

    def clear(self, unlinked: bool = False) -> None:
        """Delete all samples, and their classes."""
        SupervisedDataSet.clear(self, unlinked)
        self.data["class"], self.endmarker["class"] = self.data["class"][:0].copy(), 0

    # -- classes ------------------------------------------------------------------------

    def _classNumbers(self) -> IntArray:
        """Return the class of every sample, shape (rows,), from the target or the field 'class'."""
        if self.outdim == 1:
            return np.ravel(self["target"]).astype(int)
        if len(self["class"]) == len(self):
            return np.ravel(self["class"]).astype(int)
        return np.asarray(self["target"]).argmax(axis=1)

    def assignClasses(self) -> None:
        """Fill the field 'class' from the target, and count the classes.

        Raises:
            IndexError: the target has one column per class and the field 'class' has the wrong length.
        """
        if len(self["class"]) < len(self):
            if self.outdim > 1:
                raise IndexError("the target has one column per class, but the field 'class' is not filled")
            self.setField("class", np.asarray(self["target"]).astype(int))
        if self.nClasses <= 0:
            self.nClasses = len(np.unique(self["class"]))

    def calculateStatistics(self) -> dict[int, int]:
        """Count the samples of every class, and update `nClasses` and `class_labels`.

        Returns:
            class number -> number of samples.
        """
        numbers, counts = np.unique(self._classNumbers(), return_counts=True)
        self.classHist = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
        self.nClasses = max(self.nClasses, len(numbers))
        if len(self.class_labels) != self.nClasses:
            self.class_labels = list(range(self.nClasses))
        return self.classHist

    def getClass(self, idx: int) -> Any:
        """Return the label of a class."""
        return self.class_labels[idx]

    def _convertToOneOfMany(self, bounds: Sequence[float] = (0, 1)) -> None:
        """Expand the target to one column per class: bounds[1] in the column of the class, else bounds[0].

        Raises:
            ValueError: class numbers are not in 0 .. nClasses-1.
        """
        if self.outdim != 1:
            # PyBrain also returns silently; programs often call it twice.
            return
        classes = np.ravel(self["target"]).astype(int)
        if self.nClasses <= 0:
            self.calculateStatistics()
        wrong = classes[(classes < 0) | (classes >= self.nClasses)]
        if len(wrong):
            raise ValueError(
                f"class {wrong[0]} is not in 0 .. {self.nClasses - 1}: "
                f"number the {self.nClasses} classes from 0, or pass nb_classes"
            )
        columns = np.full((len(classes), self.nClasses), float(bounds[0]))
        columns[np.arange(len(classes)), classes] = bounds[1]
        self.setField("target", columns)
        self.setField("class", classes.reshape(-1, 1))

    def _convertToClassNb(self) -> None:
        """Change the target back to the class number."""
        self.setField("target", self._classNumbers().reshape(-1, 1))
        self.convertField("target", int)

    def splitByClass(self, cls_select: Any) -> Any:
        """Return two data sets: the samples of one class, and all others."""
        classes = self._classNumbers()
        if self.nClasses <= 0:
            self.calculateStatistics()
        if not 0 <= cls_select < self.nClasses:
            raise ValueError(f"there is no class {cls_select}; the classes are 0 .. {self.nClasses - 1}")
        return self._subset(np.flatnonzero(classes == cls_select)), self._subset(
            np.flatnonzero(classes != cls_select)
        )

    def castToRegression(self, values: Sequence[float]) -> SupervisedDataSet:
        """Return a SupervisedDataSet whose target is `values[class]` for every sample."""
        chosen = np.asarray(values, dtype=float)[self._classNumbers()]
        return SupervisedDataSet(np.asarray(self["input"]), chosen.reshape(len(self), -1))


class SequenceClassificationDataSet(SequentialDataSet, ClassificationDataSet):
    """Sequences that belong to classes; every sample of a sequence carries its class."""

    def __init__(
        self, inp: Any, target: Any, nb_classes: int = 0, class_labels: Iterable[Any] | None = None
    ) -> None:
        SupervisedDataSet.__init__(self, inp, target)
        self._startSequences()
        self._startClasses(nb_classes, class_labels)

    def _constructorArguments(self) -> tuple[Any, ...]:
        return ClassificationDataSet._constructorArguments(self)

    def splitByClass(self, cls_select: Any) -> Any:
        """Return two data sets: the sequences of one class, and all others."""
        classes = self.getSequenceClass()
        count = max(self.nClasses, len(np.unique(classes)))
        if not 0 <= cls_select < count:
            raise ValueError(f"there is no class {cls_select}; the classes are 0 .. {count - 1}")
        one, rest = np.flatnonzero(classes == cls_select), np.flatnonzero(classes != cls_select)
        return self._withSequences(one), self._withSequences(rest)

    def __add__(self, other: Any) -> Self:
        raise NotImplementedError("sequences of two data sets cannot be added; append them one by one")

    def getSequenceClass(self, index: int | None = None) -> Any:
        """Return the class of a sequence, which is that of its first sample; without an index, of all sequences."""
        classes = self._classNumbers()
        starts = [start for start, end in self._bounds() if end > start]
        if index is None:
            return classes[starts]
        return int(classes[self._boundsOf(index)[0]])

    def removeSequence(self, index: int) -> None:
        """Remove a sequence, including its classes."""
        start, end = self._boundsOf(index)
        inStep = self.endmarker["class"] == self.getLength()
        SequentialDataSet.removeSequence(self, index)
        if inStep:
            self.setField("class", np.delete(np.asarray(self["class"]), slice(start, end), axis=0))

    def stratifiedSplit(self, testfrac: float = 0.15, evalfrac: float = 0) -> tuple[Any, ...]:
        """Split whole sequences at random so that every class has about the same proportion in each part.

        Args:
            testfrac: fraction of the sequences for the test set.
            evalfrac: fraction for an evaluation set; 0 for none.

        Returns:
            (training, test), or (training, test, evaluation) if `evalfrac` is above 0.
        """
        if testfrac < 0 or evalfrac < 0 or testfrac + evalfrac > 1:
            raise ValueError(
                f"testfrac and evalfrac must each be at least 0 and sum to at most 1, not {testfrac} and {evalfrac}"
            )
        classes = self.getSequenceClass()
        training, test, evaluation = [], [], []
        for cls in np.unique(classes):
            members = np.random.permutation(np.flatnonzero(classes == cls)).tolist()
            tests = int(len(members) * testfrac)
            evals = int(len(members) * evalfrac)
            test += members[:tests]
            evaluation += members[tests : tests + evals]
            training += members[tests + evals :]
        parts = [training, test, evaluation] if evalfrac > 0 else [training, test]
        return tuple(self._withSequences(sorted(part)) for part in parts)

    def save_netcdf(self, flo: BinaryIO, **kwargs: Any) -> None:
        """Write a netCDF file with inputs, classes and sequence lengths.

        Raises:
            ImportError: SciPy, which writes these files, is not installed.
        """
        try:
            from scipy.io import netcdf_file
        except ImportError as error:
            raise ImportError("writing netCDF files needs SciPy: pip install scipy") from error
        with netcdf_file(flo, "w") as file:
            lengths = [end - start for start, end in self._bounds()]
            for name, size in (
                ("numTimesteps", len(self)),
                ("inputPattSize", self.indim),
                ("numSeqs", len(lengths)),
            ):
                file.createDimension(name, size)
            for name, kind, dims, values in (
                ("inputs", "f4", ("numTimesteps", "inputPattSize"), self["input"]),
                ("seqLengths", "i4", ("numSeqs",), lengths),
                ("targetClasses", "i4", ("numTimesteps",), self._classNumbers()),
            ):
                file.createVariable(name, kind, dims)[:] = values
