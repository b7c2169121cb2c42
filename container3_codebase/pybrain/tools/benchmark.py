"""Results of benchmark runs."""

from __future__ import annotations

from pybrain.datasets.dataset import DataSet


class BenchmarkDataSet(DataSet):
    """One row per run: its average reward and its number of episodes."""

    def __init__(self) -> None:
        DataSet.__init__(self)
        self.addField("Average Reward", 1)
        self.addField("Episodes", 1)
        self.linkFields(["Average Reward", "Episodes"])
