"""Classify points in a plane with a feed-forward network."""

import random
import sys

import numpy as np

from pybrain.datasets import ClassificationDataSet
from pybrain.structure import SoftmaxLayer
from pybrain.supervised.trainers import BackpropTrainer
from pybrain.tools.shortcuts import buildNetwork
from pybrain.utilities import percentError

CENTRES = [(-1.0, 0.0), (2.0, 4.0), (3.0, 1.0)]
SPREADS = [(1.0, 1.0), (0.7, 1.1), (1.2, 0.6)]


def points(count):
    """Return a data set with `count` random points of each class."""
    dataset = ClassificationDataSet(2, 1, nb_classes=3)
    for _ in range(count):
        for cls in range(3):
            dataset.addSample(np.random.normal(CENTRES[cls], SPREADS[cls]), [cls])
    return dataset


def main(plot=False):
    """Train a classifier and print its accuracy."""
    np.random.seed(2)
    random.seed(2)
    test, training = points(120).splitWithProportion(0.25)
    for part in (training, test):
        part._convertToOneOfMany()
    print(
        f"{len(training)} points to train on, {len(test)} to test with; both are still {type(training).__name__}s"
    )
    print(
        "The first one:", training["input"][0], "target", training["target"][0], "class", training["class"][0]
    )

    net = buildNetwork(training.indim, 5, training.outdim, outclass=SoftmaxLayer)
    trainer = BackpropTrainer(net, training, learningrate=0.02, momentum=0.1, weightdecay=0.001)
    for _ in range(4):
        trainer.trainEpochs(5)
        print(
            f"epoch {trainer.totalepochs:3d}: error on the training set "
            f"{percentError(trainer.testOnClassData(), training['class']):5.2f} %, "
            f"on the test set {percentError(trainer.testOnClassData(test), test['class']):5.2f} %"
        )

    corners = [[-3, -2], [-3, 6], [6, -2], [6, 6]]
    print("Classes at the corners of the plane:", [int(net.activate(corner).argmax()) for corner in corners])
    if plot:
        from pybrain.tools.plotting import drawDecisionSurface
        from pybrain.tools.plotting.network import pyplot

        drawDecisionSurface(net, test)
        pyplot().show()


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)
