"""Bookkeeping for series of experiments."""

from pathlib import Path

import numpy as np


class ExTools:
    """Repeats an experiment, and keeps weights and results in text files.

    Args:
        batch: steps between two results.
        prnts: batches between two lines of output.
        kind: 'optimizer' counts evaluations, anything else episodes.
    """

    def __init__(self, batch=2, prnts=1, kind="optimizer"):
        self.batch = batch
        self.prnts = prnts
        self.kind = kind
        self.rewards = []

    def loadWeights(self, filename):
        """Return the weights in a text file, shape (n,)."""
        return np.loadtxt(filename, ndmin=1)

    def saveWeights(self, filename, w):
        """Write weights to a text file, one per line, exactly."""
        Path(filename).write_text("".join(f"{float(value)!r}\n" for value in np.ravel(w)))

    def saveResults(self, filename, results):
        """Write results to a text file, one per line, exactly."""
        self.saveWeights(filename, results)

    def printResults(self, resList, runs, updates):
        """Print the mean of the results since the last line, and remember it."""
        mean = float(np.mean(resList))
        self.rewards.append(mean)
        if len(self.rewards) % self.prnts == 0:
            what = "evaluations" if self.kind == "optimizer" else "episodes"
            print(f"run {runs}: {what} {(updates + 1) * self.batch * self.prnts}, mean reward {mean:g}")

    def addExps(self):
        """End one experiment; its rewards count for the means of `showExps`."""
        self._all = [*getattr(self, "_all", []), self.rewards]
        self.rewards = []

    def showExps(self):
        """Draw mean and spread over all experiments with matplotlib; return the axes."""
        from pybrain.tools.plotting.network import pyplot

        length = min(len(rewards) for rewards in self._all)
        rewards = np.array([one[:length] for one in self._all])
        axes = pyplot().figure().gca()
        steps = (np.arange(length) + 1) * self.batch
        axes.errorbar(steps, rewards.mean(axis=0), rewards.std(axis=0))
        return axes
