"""The work that pybrain_training.py times; runs with any PyBrain, even on Python 2, and prints JSON.

python pybrain_training_work.py ROWS REPEAT
"""

import json
import sys
import time

import numpy

from pybrain.datasets import SupervisedDataSet
from pybrain.supervised.trainers import BackpropTrainer, RPropMinusTrainer
from pybrain.tools.shortcuts import buildNetwork


def dataset(rows):
    """Return random samples of 4 inputs and 2 targets."""
    generator = numpy.random.RandomState(0)
    ds = SupervisedDataSet(4, 2)
    for _ in range(rows):
        ds.addSample(generator.randn(4), generator.randn(2))
    return ds


def work(rows):
    """Return (name, function) pairs; each runs one epoch or one evaluation of a 4-8-2 network."""
    ds, net = dataset(rows), buildNetwork(4, 8, 2)
    online = BackpropTrainer(net, ds, learningrate=1e-3)
    full = BackpropTrainer(net, ds, learningrate=1e-3, momentum=0.1, weightdecay=1e-4, lrdecay=0.9999)
    batch = BackpropTrainer(net, ds, learningrate=1e-6, batchlearning=True)
    rprop = RPropMinusTrainer(net, dataset=ds)
    return [
        ("online epoch", online.train),
        ("online epoch, momentum, decay", full.train),
        ("batch epoch", batch.train),
        ("Rprop epoch", rprop.train),
        ("testOnData", online.testOnData),
        ("evaluateModuleMSE", lambda: ds.evaluateModuleMSE(net)),
    ]


def timed(function, repeat):
    """Return the duration of each of ``repeat`` calls in seconds, after one warm-up call.

    Args:
        function: the function, without arguments.
        repeat: number of calls.
    """
    function()
    times = []
    for _ in range(repeat):
        start = time.time()
        function()
        times.append(time.time() - start)
    return times


if __name__ == "__main__":
    ROWS, REPEAT = int(sys.argv[1]), int(sys.argv[2])
    print(json.dumps([(name, timed(function, REPEAT)) for name, function in work(ROWS)]))
