"""Training of 1,000 rows: online beside PyBrain, mini-batches beside scikit-learn and PyTorch on the CPU.

    .venv/bin/python benchmarks/training_epochs.py [--against PYTHON] [--pybrain PYTHON] [--threads 1]

``--against`` names a Python that has scikit-learn and PyTorch installed, ``--pybrain`` one that has PyBrain (see
training_pybrain.py); without them, these are not measured. For PyBrain there is also a recorded value.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install scikit-learn torch

``--threads 0`` leaves each library its default number of threads. A run begins with a newly built network and
ends after all epochs, including everything in between.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from measure import SLOWER, THREADS, duration, machine, table, times

PEERS = Path(__file__).with_name("training_peers.py")
SIZES = ((4, 8, 2), (64, 128, 10))
BATCHES = (32, 200)
ROWS = 1000
PYBRAIN = 0.50
"""Seconds that PyBrain takes for an online epoch of 1,000 rows of 4-8-2, recorded once."""

Side = Callable[[], float]


def options() -> argparse.Namespace:
    """Read the command line; fix the number of threads before NumPy is loaded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--against", metavar="PYTHON", help="a Python with scikit-learn and PyTorch")
    parser.add_argument("--pybrain", metavar="PYTHON", help="a Python with pybrain3")
    parser.add_argument(
        "--threads", type=int, default=1, help="threads of each side; 0: each library's default"
    )
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (default 5)")
    parser.add_argument("--epochs", type=int, default=100, help="epochs of mini-batches (default 100)")
    parser.add_argument(
        "--kernels",
        metavar="NAME",
        help="OpenBLAS kernels of a processor, such as Haswell, for our side and scikit-learn",
    )
    chosen = parser.parse_args()
    wanted = {name: str(chosen.threads) for name in THREADS if chosen.threads}
    if chosen.kernels:
        wanted[SLOWER[0]] = chosen.kernels
    kept = {name: value for name, value in os.environ.items() if name not in (*SLOWER, *THREADS)}
    if {**kept, **wanted} != dict(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**kept, **wanted})
    return chosen


class Peer:
    """The other Python interpreter: one process, which runs requested work and returns the seconds it took.

    Args:
        python: path of the interpreter.
        threads: number of PyTorch threads; 0 for its default.
    """

    def __init__(self, python: str, threads: int) -> None:
        self._process = subprocess.Popen(
            [python, str(PEERS), str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.versions = self._read()

    def seconds(self, *words: object) -> float:
        """Return the seconds of one run."""
        assert self._process.stdin is not None
        print(*words, file=self._process.stdin, flush=True)
        return float(self._read())

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{PEERS.name} exited with status {self._process.wait()}")
        return line.strip()


def ours(sizes: tuple[int, ...], trainer: str, size: int, epochs: int) -> float:
    """Return the seconds that a number of epochs take with this project.

    Args:
        sizes: layer sizes, input first.
        trainer: name of the trainer.
        size: rows in a mini-batch.
        epochs: number of epochs.
    """
    import time

    from training_peers import rows

    from pybrain.structure import LinearLayer, SoftmaxLayer
    from pybrain.tools.shortcuts import buildNetwork
    from training.trainers import TrainerOptions, make_trainer

    inputs, targets = rows(ROWS, sizes)
    network = buildNetwork(*sizes, outclass=SoftmaxLayer if sizes[-1] > 2 else LinearLayer)
    chosen = TrainerOptions(learning_rate=0.001, batch_size=size)
    started = time.perf_counter()
    made = make_trainer(trainer, network, inputs, targets, chosen, seed=0)
    for _ in range(epochs):
        made.train_epoch()
    return time.perf_counter() - started


def medians(sides: dict[str, Side], rounds: int) -> dict[str, float]:
    """Return the median seconds of each side; they take turns, after a warm-up round.

    Args:
        sides: the functions to measure, by name.
        rounds: number of measured rounds.
    """
    taken: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            taken[name].append(sides[name]())
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def batches(sizes: tuple[int, ...], size: int, epochs: int, peer: Peer | None) -> dict[str, Side]:
    """Return the sides of one row of the table of mini-batches.

    Args:
        sizes: layer sizes, input first.
        size: rows in a mini-batch.
        epochs: number of epochs.
        peer: the other interpreter; None to skip the comparison.
    """
    sides: dict[str, Side] = {"ours": partial(ours, sizes, "adam", size, epochs)}
    if peer is not None:
        for name in ("scikit-learn", "torch-float64", "torch-float32"):
            sides[name] = partial(peer.seconds, name, size, epochs, ROWS, *sizes)
    return sides


def online(sizes: tuple[int, ...], rounds: int, pybrain: str | None) -> list[str]:
    """Return one row of the table of online back-propagation.

    Args:
        sizes: layer sizes, input first.
        rounds: number of measured rounds.
        pybrain: a Python interpreter with PyBrain; None to skip the comparison.
    """
    seconds = medians({"ours": partial(ours, sizes, "backprop", 1, 1)}, rounds)["ours"]
    line = ["-".join(map(str, sizes)), duration(seconds)]
    line += [duration(PYBRAIN), times(PYBRAIN / seconds)] if sizes == SIZES[0] else ["", ""]
    if pybrain is None:
        return [*line, "", ""]
    command = [pybrain, str(PEERS.with_name("training_pybrain.py")), *map(str, (ROWS, rounds, *sizes))]
    measured = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return [*line, duration(measured), times(measured / seconds)]


def main() -> None:
    """Measure and print."""
    chosen = options()

    peer = Peer(chosen.against, chosen.threads) if chosen.against else None
    threads = f"threads of each side: {chosen.threads or 'its default'}"
    kernels = f"; OpenBLAS kernels for {chosen.kernels}" if chosen.kernels else ""
    print(
        f"## Training {ROWS:,} rows{kernels}\n\n{machine()}; {threads}{kernels}; medians of {chosen.rounds} rounds."
    )
    if peer is not None:
        print(f"Peers: {peer.versions}.")
    print("\nOnline back-propagation, one epoch:\n")
    head = ["network", "ours", "PyBrain (recorded)", "ratio", "PyBrain (measured)", "ratio"]
    print(table(head, [online(sizes, chosen.rounds, chosen.pybrain) for sizes in SIZES]))
    head, lines = ["network, batch", "ours"], []
    for sizes in SIZES:
        for size in BATCHES:
            taken = medians(batches(sizes, size, chosen.epochs, peer), chosen.rounds)
            line = [f"{'-'.join(map(str, sizes))}, {size}", duration(taken["ours"])]
            for name in list(taken)[1:]:
                line += [duration(taken[name]), times(taken[name] / taken["ours"])]
            head = ["network, batch", "ours", *(word for name in list(taken)[1:] for word in (name, "ratio"))]
            lines.append(line)
    print(f"\nAdam on mini-batches, {chosen.epochs} epochs, float64 where not stated:\n")
    print(table(head, lines))


if __name__ == "__main__":
    main()
