"""XOR, learned by back-propagation and by Rprop; and how to stop in time."""

import random

import numpy as np

from pybrain.datasets import SupervisedDataSet
from pybrain.structure import TanhLayer
from pybrain.supervised.trainers import BackpropTrainer, RPropMinusTrainer
from pybrain.tools.shortcuts import buildNetwork
from pybrain.utilities import DivergenceError


def show(net, dataset):
    """Print the output of a network for each sample of a data set."""
    for inp, target in dataset:
        print(f"  {inp} -> {net.activate(inp)[0]:+.3f}, wanted {target[0]:+.0f}")


def main():
    """Train a network on XOR."""
    # Both generators: weights come from NumPy's, the order of samples from Python's.
    np.random.seed(4)
    random.seed(4)
    xor = SupervisedDataSet(2, 1)
    for inp, target in (((-1, -1), -1), ((-1, 1), 1), ((1, -1), 1), ((1, 1), -1)):
        xor.addSample(inp, target)

    net = buildNetwork(2, 4, 1, hiddenclass=TanhLayer)
    trainer = BackpropTrainer(net, xor, learningrate=0.05, momentum=0.5)
    print(f"Back-propagation: error {trainer.testOnData():.4f} at first,", end=" ")
    trainer.trainEpochs(300)
    print(f"{trainer.testOnData():.2g} after {trainer.totalepochs} epochs")
    show(net, xor)

    net = buildNetwork(2, 4, 1, hiddenclass=TanhLayer)
    trainer = RPropMinusTrainer(net, dataset=xor)
    trainer.trainEpochs(100)
    print(f"Rprop: error {trainer.testOnData():.2g} after {trainer.totalepochs} epochs")

    # Noisy samples of a curve: too much training would learn the noise.
    noisy = SupervisedDataSet(1, 1)
    for x in np.linspace(-2, 2, 60):
        noisy.addSample(x, np.sin(2 * x) + 0.2 * np.random.randn())
    net = buildNetwork(1, 8, 1, hiddenclass=TanhLayer)
    trainer = BackpropTrainer(net, noisy, learningrate=0.02, momentum=0.2)
    trained, validated = trainer.trainUntilConvergence(maxEpochs=300, continueEpochs=20)
    print(f"Until convergence: {trainer.totalepochs} epochs, the best one was number {len(trained) + 1};")
    print(f"  on samples held back the error fell from {validated[0]:.3f} to {min(validated):.3f}")

    try:
        BackpropTrainer(net, noisy, learningrate=1e4).trainEpochs(100)
    except DivergenceError as error:
        print("Too large a learning rate:", error)
    print("The network still answers:", net.activate([0.5]).round(2))


if __name__ == "__main__":
    main()
