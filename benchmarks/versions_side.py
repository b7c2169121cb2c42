"""Measure tasks with the version of `pybrain_runtime` on the path, for `versions.py`.

Each line of standard input is a number of repetitions (0: as many as a measurement needs) and a task; each line of
standard output is the seconds for one repetition and the number of repetitions.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np
from measure import Job, repeats_of, seconds_of

from pybrain_runtime import activate_file, load_knowledge


def job(task: str, files: Path) -> Job:
    """Return the function of a task.

    Args:
        task: ``load``, ``one``, ``batch`` or ``file``, and the name of the network.
        files: the folder with networks and rows.
    """
    kind, _, name = task.partition(" ")
    path = files / f"{name}.pkl"
    if kind == "load":
        return partial(load_knowledge, str(path))
    knowledge = load_knowledge(str(path))
    if kind == "file":
        return partial(activate_file, knowledge, str(files / "rows.csv"), str(files / "prediction.csv"))
    rows = np.load(files / f"{name}.npy")
    return partial(knowledge.activate, rows[:1] if kind == "one" else rows)


def main() -> None:
    """Respond to each line of standard input."""
    files = Path(sys.argv[1])
    jobs: dict[str, Job] = {}
    for line in sys.stdin:
        repeats, _, task = line.strip().partition(" ")
        if task not in jobs:
            jobs[task] = job(task, files)
        count = int(repeats) or repeats_of(jobs[task])
        print(seconds_of(jobs[task], count), count, flush=True)


if __name__ == "__main__":
    main()
