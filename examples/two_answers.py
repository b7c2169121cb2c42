"""Train a mixture density network on data with two correct outputs per input."""

import numpy as np

from pybrain.datasets import SupervisedDataSet
from pybrain.structure import BiasUnit, FeedForwardNetwork, FullConnection, LinearLayer, TanhLayer
from pybrain.structure.modules.mixturedensity import MixtureDensityLayer
from pybrain.supervised.trainers import RPropMinusTrainer
from pybrain.supervised.trainers.mixturedensity import RPropMinusTrainerMix
from pybrain.tools.shortcuts import buildNetwork


def mixtureNetwork(hidden, mix):
    """Return a network whose output layer is a mixture of Gaussians.

    Args:
        hidden: the number of hidden units.
        mix: the number of Gaussians.
    """
    net = FeedForwardNetwork()
    layers = (
        LinearLayer(1, name="in"),
        TanhLayer(hidden, name="hidden"),
        MixtureDensityLayer(1, mix=mix, name="out"),
    )
    bias = BiasUnit(name="bias")
    net.addInputModule(layers[0])
    net.addModule(layers[1])
    net.addModule(bias)
    net.addOutputModule(layers[2])
    for one, other in ((layers[0], layers[1]), (layers[1], layers[2]), (bias, layers[1]), (bias, layers[2])):
        net.addConnection(FullConnection(one, other))
    net.sortModules()
    return net


def main():
    """Train a mixture density network on data with two solutions."""
    np.random.seed(7)
    dataset = SupervisedDataSet(1, 1)
    for number in range(60):
        x = np.random.rand()
        dataset.addSample(x, (1 if number % 2 else -1) * (0.5 + x) + 0.05 * np.random.randn())

    usual = buildNetwork(1, 5, 1, hiddenclass=TanhLayer)
    RPropMinusTrainer(usual, dataset=dataset).trainEpochs(100)
    print("An ordinary network predicts the mean, which is never correct:", usual.activate([0.5]).round(2))

    net = mixtureNetwork(5, 2)
    RPropMinusTrainerMix(net, dataset=dataset).trainEpochs(80)
    output = net.activate([0.5])
    for chance, deviation, centre in sorted(
        zip(output[:2], output[2:4], output[4:], strict=True), key=lambda a: a[2]
    ):
        print(f"Mixture component: probability {chance:.2f}, about {centre:+.2f} +- {deviation:.2f}")


if __name__ == "__main__":
    main()
