"""Run all benchmarks one after the other and write docs/benchmarks.md.

    .venv/bin/python benchmarks/all.py [--against PYTHON] [--pybrain PYTHON] [--servers FOLDER]

--against and --pybrain are those of training_epochs.py: Python interpreters with scikit-learn and PyTorch, and with
PyBrain.
Without them, training is not compared. With --servers, serving is compared with other servers, whose environments are
in FOLDER or are installed there; without it, only with a bare route. Takes some minutes, on an otherwise idle
machine. `pipeline_stack.py` is not included: it needs a container engine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from measure import cores, machine

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
EACH = ("batched_rows", "float32_rows")
"""Benchmarks that run with one thread, and again with one thread per CPU."""
SCRIPTS = (*EACH, "one_row", "csv_to_csv", "memory_rows", "start", "loading", "generate")
KERNELS = ("Haswell", "SkylakeX")
HEAD = """# Benchmarks

Written by `.venv/bin/python benchmarks/all.py` on {date}.

Machine: {machine}.

The sides of a comparison alternate in one run, and the tables show medians. Ratios carry over to other machines
better than times. A column such as `≥ 1.0x` says whether the target is met; no test asserts a time. *NumPy by hand*
is the same network written as a few lines of NumPy. The results of PyBrain itself were recorded once, on the same
machine.
"""


def section(name: str, *words: str) -> str:
    """Run a script and return its output, or a note with its last line if it fails."""
    script = HERE / f"{name}.py"
    if not script.exists():
        return f"## {name}\n\nNot measured: benchmarks/{name}.py was not found."
    done = subprocess.run([sys.executable, str(script), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return f"## {name}\n\nNot measured: benchmarks/{name}.py exited with status {done.returncode}: {last}"
    return done.stdout.strip()


def training(against: str | None, pybrain: str | None) -> list[tuple[str, ...]]:
    """Return the training benchmarks to run, one for the OpenBLAS kernels of each of several processors.

    Args:
        against: a Python interpreter with scikit-learn and PyTorch; None to skip the comparison.
        pybrain: a Python interpreter with PyBrain; None to skip the comparison.
    """
    peers = ("--against", against) if against else ()
    old = ("--pybrain", pybrain) if pybrain else ()
    others = [("training_epochs", *peers, "--rounds", "3", "--kernels", name) for name in KERNELS]
    return [("training_epochs", *peers, *old), *others]


def serving(environments: str | None) -> tuple[str, ...]:
    """Return the serving benchmark to run."""
    if environments is None:
        return ("serving", "--only", "App07", "bare FastAPI route")
    return ("serving", "--environments", environments)


def main() -> None:
    """Run every benchmark, print the sections and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--against", metavar="PYTHON", help="a Python with scikit-learn and PyTorch")
    parser.add_argument("--pybrain", metavar="PYTHON", help="a Python with pybrain3")
    parser.add_argument("--servers", metavar="FOLDER", help="environments of other servers (serving.py)")
    chosen = parser.parse_args()
    parts = [HEAD.format(date=datetime.now(UTC).strftime("%Y-%m-%d"), machine=machine()).strip()]
    runs: list[tuple[str, ...]] = [(name,) for name in SCRIPTS]
    if cores() > 1:
        runs += [(name, "--threads", str(cores())) for name in EACH]
    runs += training(chosen.against, chosen.pybrain)
    runs.append(serving(chosen.servers))
    for run in runs:
        print(" ".join(run), "...", file=sys.stderr, flush=True)
        parts.append(section(*run))
        print(parts[-1], end="\n\n", flush=True)
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
