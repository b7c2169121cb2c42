"""Train a recurrent network with LSTM cells to remember its first input."""

import random

import numpy as np

from pybrain.datasets import SequentialDataSet
from pybrain.structure import LSTMLayer
from pybrain.supervised.trainers import RPropMinusTrainer
from pybrain.tools.shortcuts import buildNetwork


def sequences(count, length):
    """Return sequences that begin with a bit, followed by noise; the target at every step is the bit.

    Args:
        count: the number of sequences.
        length: the number of steps of each sequence.
    """
    dataset = SequentialDataSet(1, 1)
    for number in range(count):
        bit = 1.0 if number % 2 else -1.0
        dataset.newSequence()
        for step in range(length):
            dataset.addSample([bit if step == 0 else 0.1 * np.random.randn()], [bit])
    return dataset


def main():
    """Train an LSTM network and print its outputs."""
    np.random.seed(3)
    random.seed(3)
    dataset = sequences(10, 6)
    net = buildNetwork(1, 4, 1, hiddenclass=LSTMLayer, outputbias=False, recurrent=True)
    print(
        f"{type(net).__name__} with {net.paramdim} parameters, {len(net.recurrentConns)} recurrent connection"
    )

    trainer = RPropMinusTrainer(net, dataset=dataset)
    for _ in range(4):
        trainer.trainEpochs(15)
        print(f"epoch {trainer.totalepochs:3d}: error {trainer.testOnData():.4f}")

    print("Sequences twice as long as those in training:")
    for bit in (1.0, -1.0):
        # A new sequence begins with reset(); otherwise, the network would still remember the last one.
        net.reset()
        outputs = [float(net.activate([bit if step == 0 else 0.0])[0]) for step in range(12)]
        print(f"  first input {bit:+.0f}, last output {outputs[-1]:+.2f}")


if __name__ == "__main__":
    main()
