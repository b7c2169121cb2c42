"""Train models/digits.pkl: `python examples/digits/train.py rows.csv`, with the rows of `export_rows.py`.

This runs `python App07.py train`. The same rows give the same bytes.
"""

import csv
import json
import pickle
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from drawings import drawing

from pybrain_runtime import load_knowledge
from pybrain_runtime.network.image_input import Figure, ImageInput
from serving.images.preprocessing import inputs_of

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "output" / "training" / "digits"
TEST_ROWS = ROOT / "data" / "digits_360.csv"
TEST, DRAWN_OF_EACH, SEED = 360, 400, 12
# As the data set was created: bitmaps of 32 x 32 pixels, about 30 % ink, counted in blocks of 4 x 4.
IMAGE = ImageInput((8, 8), (0.0, 16.0), "auto", 255, "stretch", Figure((32, 32), (32, 20), 0.3, True))
OPTIONS = ["--hidden=64", "--weight-decay=0.1", "--epochs=60", "--patience=0", "--test=0", "--validation=0.1"]


def drawn_rows(count, seed, *, varied):
    """Return the rows of random drawings, and their digits.

    Args:
        count: the number of drawings of each digit.
        seed: the random seed of the drawings.
        varied: whether size and ink vary around those of the card, as in scanned handwriting.
    """
    generator, rows, digits = random.Random(seed), [], []
    for digit in [*range(10)] * count:
        figure = IMAGE.figure
        if varied:
            width, ink = generator.randrange(18, 29, 2), generator.uniform(0.22, 0.36)
            figure = figure.replace(box=(32, width), ink=ink)
        rows.append(inputs_of(drawing(digit, generator), IMAGE.replace(figure=figure)))
        digits.append(digit)
    return np.array(rows), np.array(digits)


def accuracy(knowledge, rows, digits):
    """Return the fraction of rows that are classified correctly.

    Args:
        knowledge: the loaded network.
        rows: an array of shape (rows, 64).
        digits: the expected digit of each row.
    """
    return float(np.mean(knowledge.activate(rows).argmax(axis=1) == digits))


def write_table(path, names, rows, digits):
    """Write rows and their digits as CSV.

    Args:
        path: the path of the file.
        names: the names of the 64 input columns.
        rows: an array of shape (rows, 64).
        digits: the digit of each row.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*names, "digit"])
        for row, digit in zip(rows, digits, strict=True):
            writer.writerow([*(f"{value:g}" for value in row), int(digit)])


def write_card(path, metrics):
    """Complete the model card that `train` has written.

    Args:
        path: the path of the card.
        metrics: the metrics to add.
    """
    card = json.loads(path.read_text("utf-8"))
    training = card["training"]
    training["split"] = {key: training["split"][key] for key in ("seed", "sizes")}
    card |= {
        "name": "digits",
        "description": "A handwritten digit from 8 x 8 counts of pixels. Trained on the first 1,437 of the 1,797 "
        "rows of scikit-learn's digits (UCI: Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, "
        f"CC BY 4.0) and {DRAWN_OF_EACH * 10:,} pictures drawn by examples/digits/drawings.py.",
        "image": IMAGE.as_json(),
        "metrics": metrics,
    }
    path.write_text(json.dumps(card, indent=1) + "\n", "utf-8")


def main(path):
    """Train and test the network, and write it to models/ with its card."""
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    names = Path(path).read_text("utf-8").splitlines()[0].split(",")[:-1]
    rows, digits = table[:, :-1], table[:, -1].astype(int)
    write_table(TEST_ROWS, names, rows[-TEST:], digits[-TEST:])
    drawn, drawn_digits = drawn_rows(DRAWN_OF_EACH, SEED, varied=True)
    RESULT.mkdir(parents=True, exist_ok=True)
    training = RESULT.parent / "digits_rows.csv"
    write_table(training, names, np.r_[rows[:-TEST], drawn], np.r_[digits[:-TEST], drawn_digits])
    command = [
        sys.executable,
        ROOT / "App07.py",
        "train",
        "--engine",
        "local",
        "--no-plots",
        "--data",
        training,
    ]
    subprocess.run(
        [*command, "--target", "digit", "--task", "classification", "--out", RESULT, *OPTIONS], check=True
    )
    # Protocol 4 takes a quarter of the bytes of protocol 2, which Python 2 can also read.
    model = ROOT / "models" / "digits.pkl"
    model.write_bytes(pickle.dumps(load_knowledge(RESULT / "currentSolution.pkl").to_pybrain(), protocol=4))
    knowledge = load_knowledge(model)
    metrics = {
        "test_accuracy": accuracy(knowledge, rows[-TEST:], digits[-TEST:]),
        "test_rows": f"the last {TEST}, which is data/{TEST_ROWS.name}; not used for training",
        "drawings_accuracy": accuracy(knowledge, *drawn_rows(50, SEED + 1, varied=False)),
        "drawings_rows": "500 pictures that were not used for training",
    }
    card = ROOT / "models" / "digits.card.json"
    shutil.copy(RESULT / "currentSolution.card.json", card)
    write_card(card, metrics)
    print(json.dumps(metrics, indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
