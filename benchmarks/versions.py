"""Compare inference by this checkout with inference by another version of the project.

    .venv/bin/python benchmarks/versions.py OTHER [--rounds 15]

OTHER is a commit of this repository, or the folder of another checkout. Both versions run in the same Python with the
same packages. Process starts run `UE_07_App5.py`; everything else is measured within one process for each version
(`versions_side.py`), in several such processes one after the other. A ratio of 1.10x means that this checkout is 1.10
times as fast as the other version. On a machine whose speed varies, the ratio of the fastest rounds is steadier.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from measure import THREADS, duration, machine, rounds_in_turns, seconds_of, table, times
from networks import LSTM, SIZES, pickled
from start import default_run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
# Rows in a batch of each network; those of the LSTM network are the time steps of one sequence.
ROWS = {"1-8-1": 20_000, "4-8-2": 20_000, "64-128-10": 4_000, "784-512-10": 400, LSTM: 1_000}
FILE_ROWS = 100_000
# Number of processes for each task and version: how memory is laid out differs from process to process.
PROCESSES = 3


class Side:
    """A process that measures one version.

    Args:
        version: the folder of the checkout.
        files: the folder with networks and rows.
        stack: closes the process.
    """

    def __init__(self, version: Path, files: Path, stack: ExitStack) -> None:
        self._process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, str(HERE / "versions_side.py"), str(files)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=_environment(version),
            )
        )
        stack.callback(self._process.kill)

    def repeats(self, task: str) -> int:
        """Return how often a task must be repeated to be measured.

        Args:
            task: its kind and the network, such as ``one 4-8-2``.
        """
        return int(self._request(task, 0)[1])

    def seconds(self, task: str, repeats: int) -> float:
        """Return the seconds for one repetition of a task.

        Args:
            task: its kind and the network.
            repeats: how often it is repeated.
        """
        return float(self._request(task, repeats)[0])

    def _request(self, task: str, repeats: int) -> list[str]:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(repeats, task, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline().split()
        if len(line) != 2:
            raise SystemExit(f"{task!r} failed in a version; the traceback is above.")
        return line


def _environment(version: Path) -> dict[str, str]:
    return {**os.environ, **dict.fromkeys(THREADS, "1"), "PYTHONPATH": str(version / "container3_codebase")}


@contextmanager
def checkout(other: str) -> Iterator[Path]:
    """Yield the folder of a version; a commit is checked out in a temporary folder.

    Args:
        other: a folder or a commit.
    """
    if Path(other).is_dir():
        yield Path(other).resolve()
        return
    with tempfile.TemporaryDirectory(prefix="app07-bench-") as folder:
        place = Path(folder) / "other"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(place), other], check=True)
        try:
            yield place
        finally:
            subprocess.run([*git, "remove", "--force", str(place)], check=True)


def write_files(folder: Path) -> None:
    """Write the networks and the rows that both versions read.

    Args:
        folder: the folder.
    """
    random = np.random.default_rng(7)
    for name, rows in ROWS.items():
        (folder / f"{name}.pkl").write_bytes(pickled(name))
        np.save(
            folder / f"{name}.npy", random.standard_normal((rows, SIZES[name][0] if name in SIZES else 4))
        )
    np.savetxt(folder / "rows.csv", random.standard_normal((FILE_ROWS, 4)), fmt="%.6f", delimiter=",")


def start(version: Path, output: Path) -> None:
    """Predict the default row with the default network in a new process.

    Args:
        version: the folder of the checkout.
        output: the prediction.
    """
    program = version / "container3_codebase" / "UE_07_App5.py"
    subprocess.run([sys.executable, str(program)], check=True, capture_output=True, env=default_run(output))


def measure(versions: list[Path], files: Path, rounds: int) -> Iterator[list[str]]:
    """Yield a row of the table for each task.

    Args:
        versions: the folders of this checkout and of the other one.
        files: a folder for networks, rows and predictions.
        rounds: number of rounds.
    """
    for version in versions:
        compileall.compile_dir(version / "container3_codebase" / "pybrain_runtime", quiet=1)
    starts = [partial(start, one, files / "p.csv") for one in versions]
    yield _row("process start", rounds_in_turns(rounds, [partial(seconds_of, each, 1) for each in starts]))
    tasks = {f"load {name}": f"load {name}" for name in ROWS}
    tasks |= {f"one {name}": f"one row, {name}" for name in SIZES}
    tasks |= {f"batch {name}": f"{count:,} rows, {name}" for name, count in ROWS.items()}
    tasks |= {"file 4-8-2": f"CSV to CSV, {FILE_ROWS:,} rows, 4-8-2"}
    for task, title in tasks.items():
        taken: list[list[float]] = [[], []]
        for _ in range(PROCESSES):
            with ExitStack() as stack:
                sides = [Side(version, files, stack) for version in versions]
                jobs = [partial(side.seconds, task, side.repeats(task)) for side in sides]
                for total, some in zip(taken, rounds_in_turns(-(-rounds // PROCESSES), jobs), strict=True):
                    total += some
        yield _row(title, taken)


def _row(title: str, taken: list[list[float]]) -> list[str]:
    this, other = (statistics.median(each) for each in taken)
    fastest = min(taken[1]) / min(taken[0])
    return [title, duration(this), duration(other), times(other / this), times(fastest)]


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("other", metavar="OTHER", help="a commit, or the folder of another checkout")
    parser.add_argument("--rounds", type=int, default=15, help="measured rounds (default 15)")
    chosen = parser.parse_args()
    with checkout(chosen.other) as other, tempfile.TemporaryDirectory(prefix="app07-bench-") as folder:
        write_files(Path(folder))
        rows = list(measure([ROOT, other], Path(folder), chosen.rounds))
    print(f"## This version and {chosen.other}\n")
    print(table(("task", "this", "other", "speed-up", "of the fastest rounds"), rows))
    print(f"\nfloat64, one thread, medians of {chosen.rounds} rounds in {PROCESSES} processes. {machine()}.")


if __name__ == "__main__":
    main()
