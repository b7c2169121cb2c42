"""The work that training_epochs.py measures in another environment, with scikit-learn and with PyTorch.

    python training_peers.py THREADS

Reads lines ``SIDE BATCH EPOCHS ROWS SIZE SIZE SIZE``, and writes the seconds that each took. The first line that it
writes has the versions. The other side uses only ``rows`` of this module.
"""

from __future__ import annotations

import sys
import time
import warnings
from itertools import pairwise

import numpy as np


def rows(count: int, sizes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return random inputs, and targets: one-hot classes for more than two outputs, else numbers.

    Args:
        count: number of rows.
        sizes: layer sizes, input first.
    """
    generator = np.random.default_rng(0)
    inputs = generator.standard_normal((count, sizes[0]))
    if sizes[-1] > 2:
        return inputs, np.eye(sizes[-1])[generator.integers(0, sizes[-1], count)]
    return inputs, generator.standard_normal((count, sizes[-1]))


def scikit_learn(
    sizes: tuple[int, ...], inputs: np.ndarray, targets: np.ndarray, size: int, epochs: int
) -> float:
    """Return the seconds of one fit with scikit-learn's multi-layer perceptron.

    Args:
        sizes: layer sizes, input first.
        inputs: shape (n, inputs).
        targets: shape (n, outputs).
        size: rows in a mini-batch.
        epochs: number of epochs.
    """
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    classes = sizes[-1] > 2
    made = (MLPClassifier if classes else MLPRegressor)(
        hidden_layer_sizes=sizes[1:-1],
        activation="logistic",
        solver="adam",
        alpha=0.0,
        batch_size=size,
        learning_rate_init=0.001,
        max_iter=epochs,
        n_iter_no_change=epochs + 1,
        random_state=0,
    )
    wanted = targets.argmax(1) if classes else targets
    started = time.perf_counter()
    made.fit(inputs, wanted)
    seconds = time.perf_counter() - started
    assert made.n_iter_ == epochs
    return seconds


def torch_seconds(
    sizes: tuple[int, ...], inputs: np.ndarray, targets: np.ndarray, size: int, epochs: int, kind: str
) -> float:
    """Return the seconds of the usual PyTorch loop with fused Adam.

    Args:
        sizes: layer sizes, input first.
        inputs: shape (n, inputs).
        targets: shape (n, outputs).
        size: rows in a mini-batch.
        epochs: number of epochs.
        kind: the dtype, such as ``float64``.
    """
    import torch

    dtype = getattr(torch, kind)
    x = torch.tensor(inputs, dtype=dtype)
    classes = sizes[-1] > 2
    t = torch.tensor(targets.argmax(1)) if classes else torch.tensor(targets, dtype=dtype)
    layers: list[torch.nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [torch.nn.Linear(before, after, dtype=dtype), torch.nn.Sigmoid()]
    model = torch.nn.Sequential(*layers[:-1])
    loss_of = torch.nn.CrossEntropyLoss() if classes else torch.nn.MSELoss()
    started = time.perf_counter()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, fused=True)
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for start in range(0, len(x), size):
            batch = order[start : start + size]
            optimizer.zero_grad()
            loss_of(model(x[batch]), t[batch]).backward()
            optimizer.step()
    return time.perf_counter() - started


def main() -> None:
    """Process requests until there are no more."""
    import sklearn
    import torch

    warnings.simplefilter("ignore")
    threads = int(sys.argv[1])
    if threads:
        torch.set_num_threads(threads)
    versions = f"scikit-learn {sklearn.__version__}, PyTorch {torch.__version__}, NumPy {np.__version__}"
    print(f"{versions}", flush=True)
    for line in sys.stdin:
        side, *numbers = line.split()
        size, epochs, count, *layers = map(int, numbers)
        sizes = tuple(layers)
        data = rows(count, sizes)
        if side == "scikit-learn":
            seconds = scikit_learn(sizes, *data, size, epochs)
        else:
            seconds = torch_seconds(sizes, *data, size, epochs, side.partition("-")[2])
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
