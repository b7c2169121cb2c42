"""Compare rows per second of ``net.activate`` with the same network written by hand in NumPy.

    python benchmarks/pybrain_activate.py

Prints the median, the minimum and the maximum of several rounds, and ratios.

The 4,300 rows per second of PyBrain itself for 4-8-2 were recorded with CPython 3.11 and NumPy 1.23 on another
machine: compare the ratios, not the absolute values.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import numpy as np

from pybrain.structure import LSTMLayer, SoftmaxLayer, TanhLayer
from pybrain.tools.shortcuts import buildNetwork

RECORDED = 4300.0


def by_hand(net) -> Callable:
    """Return the forward pass of a 4-8-2 network with bias, written in NumPy."""
    weights = {(c.inmod.name, c.outmod.name): c for m in net.modules for c in net.connections[m]}
    first = weights["in", "hidden0"].params.reshape(8, 4)
    second = weights["hidden0", "out"].params.reshape(2, 8)
    bias_first, bias_second = weights["bias", "hidden0"].params, weights["bias", "out"].params

    def forward(row):
        hidden = first @ np.asarray(row) + bias_first
        return second @ (1 / (1 + np.exp(-np.clip(hidden, -500, 500)))) + bias_second

    return forward


def rows_per_second(function: Callable, rows: list, rounds: int) -> list[float]:
    """Return rows per second, one value per round.

    Args:
        function: takes one row.
        rows: the rows.
        rounds: number of rounds.
    """
    for row in rows[:100]:
        function(row)
    figures = []
    for _ in range(rounds):
        start = time.perf_counter()
        for row in rows:
            function(row)
        figures.append(len(rows) / (time.perf_counter() - start))
    return figures


def report(label: str, figures: list[float], against: float | None = None) -> float:
    """Print one line and return the median.

    Args:
        label: the text of the line.
        figures: rows per second, one value per round.
        against: rows per second to compare with; None for no ratio.
    """
    median = statistics.median(figures)
    ratio = f"{median / against:8.2f} x NumPy by hand" if against else " " * 24
    print(f"{label:44s} {median:12,.0f} rows/s  ({min(figures):,.0f} to {max(figures):,.0f}) {ratio}")
    return median


def in_threads(net, rows: list, count: int) -> float:
    """Return rows per second, summed over all threads.

    Args:
        net: the network.
        rows: the rows of each thread.
        count: number of threads.
    """

    def work():
        for row in rows:
            net.activate(row)

    threads = [threading.Thread(target=work) for _ in range(count)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count * len(rows) / (time.perf_counter() - start)


def import_time(rounds: int) -> list[float]:
    """Return the duration of ``import pybrain.structure`` after ``import numpy``, in milliseconds."""
    program = (
        "import numpy, time; start = time.perf_counter(); import pybrain.structure\n"
        "print((time.perf_counter() - start) * 1000)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(rounds)
    ]
    return [float(run.stdout) for run in runs]


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    generator = np.random.RandomState(1)
    rows = generator.normal(size=(options.rows, 4)).tolist()
    arrays = list(np.array(rows))

    net = buildNetwork(4, 8, 2)
    hand = by_hand(net)
    assert np.allclose(net.activate(rows[0]), hand(rows[0]), rtol=1e-13)

    baseline = report("4-8-2 in NumPy by hand, lists", rows_per_second(hand, rows, options.rounds))
    ours = report("4-8-2 net.activate, lists", rows_per_second(net.activate, rows, options.rounds), baseline)
    report("4-8-2 net.activate, arrays", rows_per_second(net.activate, arrays, options.rounds), baseline)
    print(f"{'':44s} {ours / RECORDED:12.1f} x the recorded 4,300 rows/s of PyBrain itself")

    def forward_and_backward(row):
        net.activate(row)
        net.backActivate((0.1, -0.1))

    report("4-8-2 activate and backActivate", rows_per_second(forward_and_backward, arrays, options.rounds))
    matrix = np.array(rows)
    batched = [
        options.rows / _seconds(lambda: net.activateRows(matrix)) for _ in range(max(options.rounds, 3))
    ]
    report("4-8-2 net.activateRows, one batch", batched, baseline)
    report(
        "4-8-2 net.activate, 4 threads in total",
        [in_threads(net, rows[:2000], 4) for _ in range(3)],
        baseline,
    )
    for label, other in (
        ("4-6-3 tanh, softmax", buildNetwork(4, 6, 3, hiddenclass=TanhLayer, outclass=SoftmaxLayer)),
        ("4-16-16-2", buildNetwork(4, 16, 16, 2)),
        ("4-8-2 recurrent", buildNetwork(4, 8, 2, selfrecurrent=True)),
        ("4-8-2 LSTM", buildNetwork(4, 8, 2, hiddenclass=LSTMLayer)),
    ):
        figures = []
        for _ in range(options.rounds):
            other.reset()
            figures += rows_per_second(other.activate, rows[:1000], 1)
        report(label, figures)
    figures = import_time(5)
    print(
        f"import pybrain.structure beyond numpy: {statistics.median(figures):.1f} ms (first: {figures[0]:.1f} ms)"
    )


def _seconds(function: Callable) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
