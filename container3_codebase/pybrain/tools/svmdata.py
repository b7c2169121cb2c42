"""Data sets in file formats that are common for support vector machines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pybrain.datasets.classification import ClassificationDataSet
from pybrain.datasets.supervised import SupervisedDataSet

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import StrPath


class SVMData(SupervisedDataSet):
    """Samples with class numbers, read from a file.

    Args:
        filename: the file to read; None for an empty data set.
    """

    def __init__(self, filename: StrPath | None = None) -> None:
        SupervisedDataSet.__init__(self, 0, 1)
        self.filename: Any = None
        self.nCls = 0
        if filename is not None:
            self.loadData(filename)

    def _constructorArguments(self) -> tuple[Any, ...]:
        return ()

    def loadData(self, fname: StrPath) -> None:
        """Read a file by its extension: .mat (Matlab), .svm (libsvm), else columns of numbers."""
        loaders = {".mat": self.loadMATdata, ".svm": self.loadSVMdata}
        loaders.get(Path(fname).suffix, self.loadRawData)(fname)

    def _take(self, fname: StrPath, inputs: Any, targets: Any) -> None:
        self.setField("input", inputs)
        self.setField("target", np.asarray(targets).reshape(-1, 1))
        self.linkFields(["input", "target"])
        self.filename = str(fname)
        self.nCls = len(np.unique(self["target"]))

    def loadMATdata(self, fname: StrPath) -> None:
        """Read a Matlab file; needs SciPy."""
        dataset = ClassificationDataSet.load_matlab(fname)
        self._take(fname, dataset["input"], dataset["target"])

    def loadSVMdata(self, fname: StrPath) -> None:
        """Read libsvm's sparse format."""
        dataset = ClassificationDataSet.load_libsvm(Path(fname))
        self._take(fname, dataset["input"], dataset["target"])

    def loadRawData(self, fname: StrPath) -> None:
        """Read columns of numbers, of which the last is the class."""
        table = np.loadtxt(fname, ndmin=2)
        self._take(fname, table[:, :-1], table[:, -1])

    def getNbClasses(self) -> int:
        """Return the number of classes."""
        return self.nCls

    def getNbSamples(self) -> int:
        """Return the number of samples."""
        return len(self)

    def getTargets(self) -> Any:
        """Return the class numbers, shape (n, 1)."""
        return self["target"]

    def getFileName(self) -> Any:
        """Return the name of the file that was read, or None."""
        return self.filename

    def getClass(self, idx: int) -> Any:
        """Return the class number of a sample."""
        return int(self["target"][idx, 0])

    def getClassHistogram(self) -> Any:
        """Return class number -> number of samples."""
        numbers, counts = np.unique(self["target"], return_counts=True)
        return dict(zip(numbers.astype(int).tolist(), counts.tolist(), strict=True))
