"""Data sets for unsupervised learning: samples without targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.datasets.dataset import DataSet

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import ArrayLike


class UnsupervisedDataSet(DataSet):
    """Samples of `dim` values each, in the field 'sample'."""

    def __init__(self, dim: int) -> None:
        DataSet.__init__(self)
        self.addField("sample", dim)
        self.linkFields(["sample"])
        self.dim = dim

    def _constructorArguments(self) -> tuple[Any, ...]:
        return (self.getDimension("sample"),)

    def addSample(self, sample: ArrayLike) -> None:
        """Append a sample of `dim` values."""
        self.appendLinked(sample)

    def getSample(self, index: int | None = None) -> Any:
        """Return [sample]; without an index, the next one."""
        return self.getLinked(index)
