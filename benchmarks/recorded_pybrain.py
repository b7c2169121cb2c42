"""Measure rows per second of PyBrain itself, for ``batched_rows.py``.

PyBrain needs a separate environment, so this script is run manually and its results are recorded:

    python3.11 -m venv /tmp/old
    /tmp/old/bin/pip install numpy==1.23.5 scipy==1.10.1 pybrain3==3.0.4
    env -u OPENBLAS_CORETYPE OPENBLAS_NUM_THREADS=1 /tmp/old/bin/python benchmarks/recorded_pybrain.py

pybrain3 is the fork that installs on Python 3; its arithmetic is PyBrain's. One ``activate`` call per row,
because PyBrain has no batches; the median of five rounds.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import scipy

scipy.random = np.random  # pybrain3 still expects it there

from pybrain3.structure import LinearLayer, LSTMLayer, SoftmaxLayer  # noqa: E402
from pybrain3.tools.shortcuts import buildNetwork  # noqa: E402

STEPS = 50


def rate(network: object, rows: int, *, steps: int = 0) -> float:
    """Return rows per second; ``steps`` is the length of each sequence.

    Args:
        network: the network.
        rows: number of rows.
        steps: length of each sequence, before which the network is reset; 0 for no resets.
    """
    inputs = np.random.default_rng(7).standard_normal((rows, network.indim))  # type: ignore[attr-defined]
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        for place, row in enumerate(inputs):
            if steps and place % steps == 0:
                network.reset()  # type: ignore[attr-defined]
            network.activate(row)  # type: ignore[attr-defined]
        taken.append(time.perf_counter() - started)
    return rows / statistics.median(taken)


def main() -> None:
    """Run the benchmark and print its results."""
    for *sizes, rows in ((1, 8, 1, 4_000), (4, 8, 2, 4_000), (64, 128, 10, 2_000), (784, 512, 10, 1_000)):
        outclass = LinearLayer if sizes[-1] < 10 else SoftmaxLayer
        name = "-".join(map(str, sizes))
        print(f"{name}: {rate(buildNetwork(*sizes, outclass=outclass), rows):,.0f}")
    lstm = buildNetwork(4, 16, 2, hiddenclass=LSTMLayer, recurrent=True)
    lstm.forget = False
    print(f"LSTM 4-16-2: {rate(lstm, 1_000, steps=STEPS):,.0f}")


if __name__ == "__main__":
    main()
