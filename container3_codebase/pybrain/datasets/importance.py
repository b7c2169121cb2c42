"""Sequences whose targets are of different importance."""

import numpy as np

from pybrain.datasets.sequential import SequentialDataSet


class ImportanceDataSet(SequentialDataSet):
    """Samples (input, target, importance): errors are weighted by the importance of each target."""

    def __init__(self, indim, targetdim):
        SequentialDataSet.__init__(self, indim, targetdim)
        self.addField("importance", self.getDimension("target"))
        if len(self):
            self.setField("importance", np.ones((len(self), self.getDimension("target"))))
        self.linkFields(["input", "target", "importance"])

    def addSample(self, inp, target, importance=None):
        """Append a sample; without an importance every target counts 1."""
        if importance is None:
            importance = np.ones(self.getDimension("importance"))
        self.appendLinked(inp, target, importance)
