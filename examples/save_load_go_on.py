"""Save a trained network as pickle and XML, load it, and continue its training."""

import pickle
import random
import tempfile
from pathlib import Path

import numpy as np

from pybrain.datasets import SupervisedDataSet
from pybrain.supervised.trainers import BackpropTrainer
from pybrain.tools.customxml import NetworkReader, NetworkWriter
from pybrain.tools.shortcuts import buildNetwork


def main():
    """Save a network, load it and continue its training."""
    np.random.seed(6)
    random.seed(6)
    dataset = SupervisedDataSet(1, 1)
    for x in np.linspace(-1, 1, 21):
        dataset.addSample(x, abs(x))
    net = buildNetwork(1, 6, 1)
    trainer = BackpropTrainer(net, dataset, learningrate=0.1)
    trainer.trainEpochs(50)
    print(f"Trained: error {trainer.testOnData():.5f}")

    with tempfile.TemporaryDirectory() as folder:
        pickled, written = Path(folder) / "net.pkl", Path(folder) / "net.xml"
        # PyBrain can read protocol 2 on every version of Python.
        pickled.write_bytes(pickle.dumps(net, 2))
        NetworkWriter.writeToFile(net, str(written))
        fromPickle = pickle.loads(pickled.read_bytes())
        fromXml = NetworkReader.readFrom(str(written))
    same = net.activate([0.3])
    print("The same output:", fromPickle.activate([0.3]) == same, fromXml.activate([0.3]) == same)

    again = BackpropTrainer(fromPickle, dataset, learningrate=0.1)
    again.trainEpochs(150)
    print(f"Training continued from the pickle: error {again.testOnData():.5f}")
    print("The first network is unchanged:", net.activate([0.3]) == same)


if __name__ == "__main__":
    main()
