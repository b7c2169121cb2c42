"""Measure `serve` beside a bare route of FastAPI, MLflow, MLServer, BentoML and LitServe, with one network.

    .venv/bin/python benchmarks/serving.py [--quick] [--rounds N] [--seconds N] [--environments FOLDER]
                                           [--only NAME ...] [--note TEXT]

All servers have one worker and run on one CPU; wrk (from the Debian package wrk) runs on another. The
first run installs the other servers, each in its own virtual environment, in the user's cache or in FOLDER.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from measure import machine, met
from serving_sides import report
from serving_sides.comparison import Comparison
from serving_sides.environments import default_folder, megabytes, versions
from serving_sides.load import Load
from serving_sides.running import Failed
from serving_sides.sides import SIDES

_STARTS = 3
_LOW, _HIGH = (4.3, 2.0, 1.0, 0.1), (7.9, 4.4, 6.9, 2.5)
"""The ranges of the four iris measurements."""
_NOTES = """The network is models/iris.pkl (4-8-3, softmax). All servers have one worker, no access log, and run on one
CPU; {tool} generates the load on another one{pinned}. The servers take turns, in
changing order; medians of rounds of {seconds} s: {rounds}. Versions: {versions}.

*CPU time* is that of all processes of the server per request; other programs on the machine change it less
than the rates. *PSS* and *RSS* are those of all processes after the load, *packages* is the size of the environment,
and the *error* is the largest difference from `activate`. App07's `/predict` also returns probabilities; the others
return outputs and labels, the bare route returns the body of the request. BentoML, LitServe and MLServer call
pybrain_runtime, MLflow serves what `track` exports. Packages and settings: `benchmarks/serving_sides/`."""


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = [side.name for side in SIDES]
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (default 5)")
    parser.add_argument("--seconds", type=int, default=2, help="seconds of each measurement (default 2)")
    parser.add_argument("--quick", action="store_true", help="one round of one second, as a quick check")
    parser.add_argument(
        "--environments",
        type=Path,
        metavar="FOLDER",
        default=default_folder(),
        help="where the other servers are installed (default: in the user's cache)",
    )
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="the servers to measure")
    parser.add_argument("--note", default="", help="a remark for the page, such as the load on the machine")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds = chosen.seconds = 1
    return chosen


def flowers(count: int) -> np.ndarray:
    """Return random rows with one decimal, shape (count, 4)."""
    return np.random.default_rng(0).uniform(_LOW, _HIGH, (count, 4)).round(1)


def cores() -> tuple[int, int] | tuple[None, None]:
    """Return the CPUs of the servers and of wrk; None if there is only one, or no taskset."""
    free = sorted(os.sched_getaffinity(0))
    return (free[0], free[1]) if len(free) > 1 and shutil.which("taskset") else (None, None)


def images() -> str:
    """Return a sentence about the image sizes."""
    sizes = {}
    for tag in ("latest", "serving"):
        command = ["docker", "image", "inspect", "--format", "{{.Size}}", f"codebase_app07:{tag}"]
        try:
            sizes[tag] = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1e6
        except (OSError, subprocess.CalledProcessError):
            return "Images: not measured; a container engine with codebase_app07 and codebase_app07:serving is needed."
    more = sizes["serving"] - sizes["latest"]
    return (
        f"Images: codebase_app07:serving has {sizes['serving']:.0f} MB, {more:.0f} MB more than codebase_app07 "
        f"(≤ 60 MB: {met(more <= 60)})."
    )


def wrk_version() -> str:
    """Return the name and version of wrk."""
    shown = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False)
    return " ".join((shown.stdout + shown.stderr).split()[:2])


def notes(chosen: argparse.Namespace, pinned: bool) -> str:
    """Return the notes that explain the tables.

    Args:
        chosen: the command-line options.
        pinned: whether the servers and wrk run on separate CPUs.
    """
    peers = [side for side in SIDES if side.package and side.name in chosen.only]
    named = [f"{side.name} {versions(side.package)[side.package]}" for side in peers]
    own = [f"{name} {version(name)}" for name in ("fastapi", "uvicorn", "httptools", "uvloop")]
    return _NOTES.format(
        tool=wrk_version(),
        pinned="" if pinned else " (not pinned: there is only one CPU)",
        rounds=chosen.rounds,
        seconds=chosen.seconds,
        versions=", ".join([*own, *named]),
    )


def main() -> None:
    """Measure the servers and print the section of docs/benchmarks.md."""
    chosen = options()
    sides = [side for side in SIDES if side.name in chosen.only]
    server_core, load_core = cores()
    with tempfile.TemporaryDirectory(prefix="app07-bench-") as name:
        folder = Path(name)
        try:
            load = Load(flowers(100_000), chosen.seconds, load_core, folder)
        except Failed as error:
            sys.exit(str(error))
        comparison = Comparison(sides, chosen.environments, folder, server_core)
        starts = comparison.starts(1 if chosen.quick else _STARTS)
        try:
            comparison.start()
            errors = comparison.errors(flowers(1000))
            results = comparison.measure(load, chosen.rounds)
            memory = {each.side.name: each.memory() for each in comparison.running}
        finally:
            comparison.stop()
    sizes = {
        side.name: megabytes(comparison.places[side.name].environment)
        for side in sides
        if side.package and side.name in comparison.places
    }
    parts = [
        "## Serving, one worker each",
        f"{machine()}. {chosen.note}".strip(),
        report.single_rows(results),
        report.batches(results, errors),
        report.resources(memory, starts, sizes, comparison.absent),
        images(),
        notes(chosen, server_core is not None),
    ]
    print("\n\n".join(parts))


if __name__ == "__main__":
    main()
