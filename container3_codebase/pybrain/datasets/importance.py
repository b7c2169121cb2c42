"""Sequences whose targets have different importance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.datasets.sequential import SequentialDataSet

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import ArrayLike


class ImportanceDataSet(SequentialDataSet):
    """Samples (input, target, importance): errors are weighted by the importance of each target."""

    def __init__(self, indim: Any, targetdim: Any) -> None:
        SequentialDataSet.__init__(self, indim, targetdim)
        self.addField("importance", self.getDimension("target"))
        if len(self):
            self.setField("importance", np.ones((len(self), self.getDimension("target"))))
        self.linkFields(["input", "target", "importance"])

    def addSample(self, inp: Any, target: Any, importance: ArrayLike | None = None) -> None:
        """Append a sample.

        Args:
            inp: the input, shape (indim,).
            target: the target, shape (targetdim,).
            importance: weight of each target, shape (targetdim,); None for 1.
        """
        if importance is None:
            importance = np.ones(self.getDimension("importance"))
        self.appendLinked(inp, target, importance)
