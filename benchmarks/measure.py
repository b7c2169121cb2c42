"""Shared helpers of the benchmarks: alternating measurements, medians, tables, description of the machine.

Each script prints its own section in Markdown; ``all.py`` joins them.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
SLOWER = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Variables that select the OpenBLAS kernels of another processor. They are removed from the environment, because they
would slow down only one side of a comparison."""
_AT_LEAST = 0.02
"""Minimum duration of one measurement in seconds; quicker functions are repeated."""

Job = Callable[[], object]


def options(doc: str | None, *, rounds: int) -> argparse.Namespace:
    """Read the command line of a script, and fix the number of threads before NumPy is loaded.

    Args:
        doc: the docstring of the script; its first line is shown by ``--help``.
        rounds: default number of measured rounds.
    """
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=rounds, help=f"measured rounds (default {rounds})")
    parser.add_argument("--threads", type=int, default=1, help="threads of each side (default 1)")
    chosen = parser.parse_args()
    wanted = {name: str(chosen.threads) for name in THREADS}
    kept = {name: value for name, value in os.environ.items() if name not in SLOWER}
    if {**kept, **wanted} != dict(os.environ):
        # The libraries below NumPy read these variables only when they are loaded, so the process is restarted.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**kept, **wanted})
    return chosen


def in_turns(rounds: int, sides: Sequence[Job]) -> list[float]:
    """Return the median seconds of each side.

    The sides alternate in every round, in changing order, so that all are measured under the same conditions. The
    first round only warms up and determines how often a quick side must be repeated.

    Args:
        rounds: number of measured rounds.
        sides: the functions to measure.
    """
    measured = [partial(seconds_of, side, repeats_of(side)) for side in sides]
    return [statistics.median(taken) for taken in rounds_in_turns(rounds, measured)]


def rounds_in_turns(rounds: int, measured: Sequence[Callable[[], float]]) -> list[list[float]]:
    """Return the seconds of each side in each round. The sides alternate, in changing order.

    Args:
        rounds: number of rounds.
        measured: the functions that measure a side and return its seconds.
    """
    taken: list[list[float]] = [[] for _ in measured]
    for number in range(rounds):
        for place in range(len(measured)):
            side = (number + place) % len(measured)
            taken[side].append(measured[side]())
    return taken


def repeats_of(side: Job) -> int:
    """Call a function once, and return how often it must be repeated to be measured.

    Args:
        side: the function.
    """
    side()
    repeats = 1
    while seconds_of(side, repeats) * repeats < _AT_LEAST and repeats < 1 << 20:
        repeats *= 2
    return repeats


def seconds_of(side: Job, repeats: int) -> float:
    """Return the seconds that a function takes, without garbage collection.

    Args:
        side: the function.
        repeats: number of calls; the result is their mean.
    """
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        for _ in range(repeats):
            side()
        return (time.perf_counter() - started) / repeats
    finally:
        gc.enable()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned Markdown table; all columns but the first are right-aligned.

    Args:
        head: the column titles.
        rows: the cells, one sequence per row.
    """
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = (
            c.ljust(w) if not n else c.rjust(w) for n, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        return f"| {' | '.join(cells)} |"

    rule = "|".join(("-" * (w + 2)) if not n else "-" * (w + 1) + ":" for n, w in enumerate(widths))
    return "\n".join([line(head), f"|{rule}|", *(line(row) for row in rows)])


def machine() -> str:
    """Return a description of the machine: processor, cores, versions of Python and the packages."""
    packages = ", ".join(f"{name} {_version(name)}" for name in ("numpy", "onnxruntime", "pyarrow"))
    return f"{_processor()}, {cores()} cores, {platform.system()}; Python {platform.python_version()}, {packages}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def rate(rows: int, seconds: float) -> str:
    """Return rows per second with three significant digits, such as ``1,234,000``.

    Args:
        rows: number of rows.
        seconds: duration in seconds.
    """
    value = rows / seconds
    digits = max(0, len(str(int(value))) - 3)
    return f"{round(value, -digits):,.0f}"


def duration(seconds: float) -> str:
    """Return a duration with a suitable unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def times(ratio: float) -> str:
    """Return a ratio, such as ``1.23x``."""
    return f"{ratio:,.0f}x" if ratio >= 100 else f"{ratio:.2f}x"


def met(holds: bool) -> str:
    """Return whether a target is met, as ``yes`` or ``no``."""
    return "yes" if holds else "no"


def threads(count: int) -> str:
    """Return the number of threads as text."""
    return "one thread each" if count == 1 else f"{count} threads each"


def cores() -> int:
    """Return the number of CPUs available to this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
