"""The work that training_epochs.py measures with PyBrain itself: one epoch of online back-propagation.

    python3.11 -m venv /tmp/old
    /tmp/old/bin/pip install numpy==1.23.5 scipy==1.10.1 pybrain3==3.0.4
    /tmp/old/bin/python benchmarks/training_pybrain.py ROWS ROUNDS SIZE SIZE SIZE

pybrain3 is the fork that installs on Python 3; its arithmetic is PyBrain's. Prints the median seconds.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import scipy

scipy.random = np.random  # pybrain3 still expects these names there

from pybrain3.datasets import SupervisedDataSet  # noqa: E402
from pybrain3.structure import LinearLayer, SoftmaxLayer  # noqa: E402
from pybrain3.supervised.trainers import BackpropTrainer  # noqa: E402
from pybrain3.tools.shortcuts import buildNetwork  # noqa: E402


def main() -> None:
    """Measure and print."""
    rows, rounds, *sizes = map(int, sys.argv[1:])
    generator = np.random.default_rng(0)
    dataset = SupervisedDataSet(sizes[0], sizes[-1])
    for _ in range(rows):
        dataset.addSample(generator.standard_normal(sizes[0]), generator.standard_normal(sizes[-1]))
    network = buildNetwork(*sizes, outclass=SoftmaxLayer if sizes[-1] > 2 else LinearLayer)
    trainer = BackpropTrainer(network, dataset, learningrate=1e-3)
    taken = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        trainer.train()
        taken.append(time.perf_counter() - started)
    print(statistics.median(taken[1:]))


if __name__ == "__main__":
    main()
