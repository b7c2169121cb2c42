"""Samples without a wanted output."""

from pybrain.datasets.dataset import DataSet


class UnsupervisedDataSet(DataSet):
    """Samples of `dim` values each, in the field 'sample'."""

    def __init__(self, dim):
        DataSet.__init__(self)
        self.addField("sample", dim)
        self.linkFields(["sample"])
        self.dim = dim

    def _constructorArguments(self):
        return (self.getDimension("sample"),)

    def addSample(self, sample):
        """Append a sample of `dim` values."""
        self.appendLinked(sample)

    def getSample(self, index=None):
        """Return [sample]; without an index the next one."""
        return self.getLinked(index)
