"""Bookkeeping for series of experiments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import StrPath


class ExTools:
    """Repeats an experiment, and keeps weights and results in text files.

    Args:
        batch: number of steps between two results.
        prnts: number of batches between two lines of output.
        kind: 'optimizer' to count evaluations, anything else to count episodes.
    """

    def __init__(self, batch: int = 2, prnts: int = 1, kind: str = "optimizer") -> None:
        self.batch = batch
        self.prnts = prnts
        self.kind = kind
        self.rewards: list[Any] = []

    def loadWeights(self, filename: StrPath) -> Any:
        """Return the weights in a text file, shape (n,)."""
        return np.loadtxt(filename, ndmin=1)

    def saveWeights(self, filename: StrPath, w: Any) -> None:
        """Write weights to a text file, one per line, with full precision.

        Args:
            filename: the file.
            w: the weights, shape (n,).
        """
        Path(filename).write_text("".join(f"{float(value)!r}\n" for value in np.ravel(w)))

    def saveResults(self, filename: StrPath, results: Any) -> None:
        """Write results to a text file, one per line, with full precision.

        Args:
            filename: the file.
            results: the results, one number each.
        """
        self.saveWeights(filename, results)

    def printResults(self, resList: Any, runs: int, updates: int) -> None:
        """Print the mean of the results since the last call, and store it.

        Args:
            resList: the results.
            runs: index of the run.
            updates: index of the update, counted from 0.
        """
        mean = float(np.mean(resList))
        self.rewards.append(mean)
        if len(self.rewards) % self.prnts == 0:
            what = "evaluations" if self.kind == "optimizer" else "episodes"
            print(f"run {runs}: {what} {(updates + 1) * self.batch * self.prnts}, mean reward {mean:g}")

    def addExps(self) -> None:
        """End one experiment; its rewards are included in the means of `showExps`."""
        self._all = [*getattr(self, "_all", []), self.rewards]
        self.rewards = []

    def showExps(self) -> Any:
        """Draw mean and spread over all experiments with matplotlib; return the axes."""
        from pybrain.tools.plotting.network import pyplot

        length = min(len(rewards) for rewards in self._all)
        rewards = np.array([one[:length] for one in self._all])
        axes = pyplot().figure().gca()
        steps = (np.arange(length) + 1) * self.batch
        axes.errorbar(steps, rewards.mean(axis=0), rewards.std(axis=0))
        return axes
