"""Measure training and evaluation of networks with the library, and print medians and ratios.

    python benchmarks/pybrain_training.py [--rows 1000] [--repeat 7] [--against PYTHON]

Prints rows per second for a 4-8-2 network. "objects" is the same work through activate and
backActivate, one row at a time. `--against` names a Python interpreter with PyBrain itself installed; the
same work is then timed there, and the last column is the ratio to it. Without it, the last column is
the ratio to 1500 rows per second, about what PyBrain reaches on a current machine.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from pybrain_training_work import timed, work

from pybrain.datasets import flat, supervised
from pybrain.supervised.trainers import epoch

PYBRAIN_ROWS_PER_SECOND = 1500.0
WORK = Path(__file__).with_name("pybrain_training_work.py")


def measure(rows, repeat):
    """Return the median seconds of each kind of work, by name.

    Args:
        rows: number of rows in the data set.
        repeat: number of repetitions.
    """
    return {name: statistics.median(timed(run, repeat)) for name, run in work(rows)}


def measureObjects(rows, repeat):
    """Return the same with the fast paths on arrays disabled.

    Args:
        rows: number of rows in the data set.
        repeat: number of repetitions.
    """
    replaced = [(epoch, "online"), (epoch, "accumulate"), (flat, "outputs"), (flat, "meanErrorOf")]
    replaced.append((supervised, "meanErrorOf"))
    kept = [(module, name, getattr(module, name)) for module, name in replaced]
    try:
        for module, name in replaced:
            setattr(module, name, lambda *args: None)
        return measure(rows, repeat)
    finally:
        for module, name, function in kept:
            setattr(module, name, function)


def measureElsewhere(python, rows, repeat):
    """Return the same with the PyBrain of another Python interpreter.

    Args:
        python: path of the interpreter.
        rows: number of rows in the data set.
        repeat: number of repetitions.
    """
    command = [python, str(WORK), str(rows), str(repeat)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {name: statistics.median(times) for name, times in json.loads(printed.splitlines()[-1])}


def main():
    """Measure each trainer and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--against", metavar="PYTHON", help="a Python interpreter with PyBrain itself")
    options = parser.parse_args()
    started = time.perf_counter()
    few = max(1, options.repeat // 3)
    ours, objects = measure(options.rows, options.repeat), measureObjects(options.rows, few)
    theirs = measureElsewhere(options.against, options.rows, few) if options.against else {}
    print(
        f"4-8-2, {options.rows} rows, medians of {options.repeat}; Python {sys.version.split()[0]},", end=" "
    )
    print(f"NumPy {np.__version__}")
    print(f"{'':32}{'rows/s':>12}{'objects':>12}{'ratio':>9}{'PyBrain':>12}{'ratio':>9}")
    for name, seconds in ours.items():
        rate, slow = options.rows / seconds, options.rows / objects[name]
        other = options.rows / theirs[name] if theirs else PYBRAIN_ROWS_PER_SECOND
        print(f"{name:32}{rate:12,.0f}{slow:12,.0f}{rate / slow:9.1f}{other:12,.0f}{rate / other:9.0f}")
    print(f"took {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
