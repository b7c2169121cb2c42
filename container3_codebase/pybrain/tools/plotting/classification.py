"""Plots of a module's confidence in the classes of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.tools.plotting.network import pyplot
from pybrain.tools.validation import ModuleValidator, SequenceHelper

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def _wanted(output: Any, target: Any) -> Any:
    """Return the output for the true class of every row, shape (rows,)."""
    return output[np.arange(len(output)), np.asarray(target).argmax(axis=1)]


class ClassificationDataSetPlot:
    """Plots of a module's outputs; targets have one column per class. All methods return the axes."""

    @classmethod
    def plot_module_classification_sequence_performance(
        cls, module: Any, dataset: Any, sequence_index: int, bounds: Sequence[float] = (0, 1)
    ) -> Any:
        """Draw all outputs over the steps of one sequence, with that of the true class in bold.

        Args:
            module: the module.
            dataset: the sequences.
            sequence_index: index of the sequence.
            bounds: range of the output axis.
        """
        output = ModuleValidator.calculateModuleOutput(module, dataset)
        start = SequenceHelper.getSequenceStarts(dataset)[sequence_index]
        end = SequenceHelper.getSequenceEnds(dataset)[sequence_index] + 1
        axes = pyplot().figure().gca()
        axes.plot(output[start:end], linewidth=0.7)
        axes.plot(_wanted(output[start:end], dataset["target"][start:end]), linewidth=2.5)
        axes.set(xlabel="step", ylabel="output", ylim=bounds)
        return axes

    @classmethod
    def plot_module_classification_dataset_performance(
        cls, module: Any, dataset: Any, cols: int = 4, bounds: Sequence[float] = (0, 1)
    ) -> Any:
        """Draw one small plot per sequence, `cols` side by side.

        Args:
            module: the module.
            dataset: the sequences.
            cols: number of plots side by side.
            bounds: range of the output axis.
        """
        count = dataset.getNumSequences()
        output = ModuleValidator.calculateModuleOutput(module, dataset)
        wanted = _wanted(output, dataset["target"])
        grid = pyplot().figure().subplots(-(-count // cols), cols, squeeze=False).ravel()
        for index, axes in enumerate(grid[:count]):
            start, end = dataset._boundsOf(index)
            axes.plot(wanted[start:end])
            axes.set(ylim=bounds, title=str(index))
        return grid

    @classmethod
    def punchcard_module_classification_performance(cls, module: Any, dataset: Any, s: float = 800) -> Any:
        """Draw the confusion matrix: areas are proportions, rows true classes, columns predicted ones.

        Args:
            module: the module.
            dataset: the samples.
            s: area of the point for a proportion of 1, in square points.
        """
        output = ModuleValidator.calculateModuleOutput(module, dataset)
        classes = output.shape[1]
        confusion = np.zeros((classes, classes))
        np.add.at(confusion, (np.asarray(dataset["target"]).argmax(axis=1), output.argmax(axis=1)), 1)
        shares = confusion / np.maximum(1, confusion.sum(axis=1, keepdims=True))
        rows, columns = np.indices(shares.shape)
        axes = pyplot().figure().gca()
        axes.scatter(columns.ravel(), rows.ravel(), s=s * shares.ravel())
        axes.set(xlabel="predicted class", ylabel="true class")
        return axes
