"""Data sets of samples, sequences and classes."""

import tempfile
from pathlib import Path

import numpy as np

from pybrain.datasets import ClassificationDataSet, SequentialDataSet, SupervisedDataSet
from pybrain.tools.datasettools import DataSetNormalizer


def main():
    """Fill, split and read data sets."""
    np.random.seed(1)
    xor = SupervisedDataSet(2, 1)
    for inp, target in (((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)):
        xor.addSample(inp, target)
    print("Samples:", repr(xor))
    for inp, target in xor:
        print("  ", inp, "->", target)

    try:
        xor.addSample([1, 2, 3], [0])
    except ValueError as error:
        print("A sample with the wrong size:", error)

    left, right = xor.splitWithProportion(0.75)
    print(f"Split at random: {len(left)} samples and {len(right)}")

    flowers = ClassificationDataSet(2, class_labels=["small", "large"], nb_classes=2)
    for size in (1.0, 1.2, 4.8, 5.1):
        flowers.addSample([size, size * 2], [int(size > 3)])
    print("Classes:", flowers.calculateStatistics())
    flowers._convertToOneOfMany()
    print(
        "One column per class:",
        flowers["target"].tolist(),
        "and the class numbers:",
        flowers["class"].ravel(),
    )

    scaler = DataSetNormalizer()
    scaler.calculate(flowers)
    scaler.normalize(flowers)
    print("Scaled to -1 .. 1:", flowers["input"][:, 0].round(2).tolist())

    songs = SequentialDataSet(1, 1)
    for length in (2, 3):
        songs.newSequence()
        for step in range(length):
            songs.addSample([step], [step + 1])
    print(
        "Sequences of", [songs.getSequenceLength(index) for index in range(songs.getNumSequences())], "steps"
    )

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "songs.pkl")
        songs.saveToFile(path)
        again = SequentialDataSet.loadFromFile(path)
        print("Saved and read again:", again["target"].ravel().tolist())


if __name__ == "__main__":
    main()
