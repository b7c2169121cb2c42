"""Learn XOR by back-propagation and by Rprop, and use early stopping."""

import random

import numpy as np

from pybrain.datasets import SupervisedDataSet
from pybrain.structure import TanhLayer
from pybrain.supervised.trainers import BackpropTrainer, RPropMinusTrainer
from pybrain.tools.shortcuts import buildNetwork
from pybrain.utilities import DivergenceError


def show(net, dataset):
    """Print the output of a network for each sample of a data set.

    Args:
        net: the network.
        dataset: the samples, with one target each.
    """
    for inp, target in dataset:
        print(f"  {inp} -> {net.activate(inp)[0]:+.3f}, expected {target[0]:+.0f}")


def main():
    """Train networks on XOR and on a noisy curve."""
    # Seed both generators: NumPy draws the weights, Python shuffles the samples.
    np.random.seed(4)
    random.seed(4)
    xor = SupervisedDataSet(2, 1)
    for inp, target in (((-1, -1), -1), ((-1, 1), 1), ((1, -1), 1), ((1, 1), -1)):
        xor.addSample(inp, target)

    net = buildNetwork(2, 4, 1, hiddenclass=TanhLayer)
    trainer = BackpropTrainer(net, xor, learningrate=0.05, momentum=0.5)
    print(f"Back-propagation: error {trainer.testOnData():.4f} initially,", end=" ")
    trainer.trainEpochs(300)
    print(f"{trainer.testOnData():.2g} after {trainer.totalepochs} epochs")
    show(net, xor)

    net = buildNetwork(2, 4, 1, hiddenclass=TanhLayer)
    trainer = RPropMinusTrainer(net, dataset=xor)
    trainer.trainEpochs(100)
    print(f"Rprop: error {trainer.testOnData():.2g} after {trainer.totalepochs} epochs")

    # Noisy samples of a curve: with too much training, the network would fit the noise.
    noisy = SupervisedDataSet(1, 1)
    for x in np.linspace(-2, 2, 60):
        noisy.addSample(x, np.sin(2 * x) + 0.2 * np.random.randn())
    net = buildNetwork(1, 8, 1, hiddenclass=TanhLayer)
    trainer = BackpropTrainer(net, noisy, learningrate=0.02, momentum=0.2)
    trained, validated = trainer.trainUntilConvergence(maxEpochs=300, continueEpochs=20)
    print(
        f"Until convergence: {trainer.totalepochs} epochs, of which number {len(trained) + 1} was the best;"
    )
    print(f"  the validation error fell from {validated[0]:.3f} to {min(validated):.3f}")

    try:
        BackpropTrainer(net, noisy, learningrate=1e4).trainEpochs(100)
    except DivergenceError as error:
        print("A learning rate that is too large:", error)
    print("The network can still be used:", net.activate([0.5]).round(2))


if __name__ == "__main__":
    main()
