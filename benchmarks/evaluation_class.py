"""Measure how long the evaluation of a class takes, in seconds for each submission.

    .venv/bin/python benchmarks/evaluation_class.py [--rounds 3] [--size 10] [--jobs 2] [--own-steps] [--packages NAME]

The class has submissions that differ as those of a course do: different styles of compose files and Dockerfiles,
different package versions, a duplicate, and some that fail (tests/evaluation/variants.py). A larger class repeats
them with other texts and programs. Each round evaluates a whole class, in a separate process; a label in its
Dockerfiles keeps the engine from reusing steps of another round. With `--own-steps`, it also keeps submissions from
sharing steps, as Dockerfiles do that differ before `pip install`; `--packages` are installed beside NumPy. Needs a
container engine, and package indexes that builds can reach.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from measure import cores, table

from common.project import PROJECT
from tests.evaluation import samples, variants

C1, C3 = variants.C1, variants.C3
_REQUIREMENTS = samples.CODE_DOCKERFILE.replace(
    "COPY pybrain", "COPY requirements.txt .\nCOPY pybrain"
).replace("RUN pip install --no-cache-dir numpy==2.4.6", "")
_LATE = "RUN pip install --no-cache-dir -r requirements.txt\nCMD"
STYLES: Mapping[str, Mapping[str, str | None]] = {
    "waiting": {"docker-compose.yml": samples.WAITING_COMPOSE},
    "packages last": {
        "docker-compose.yml": samples.WAITING_COMPOSE,
        f"{C3}/Dockerfile": _REQUIREMENTS.replace("CMD", _LATE),
        f"{C3}/requirements.txt": "numpy==2.4.6\n",
    },
    "another version": {
        "docker-compose.yml": samples.WAITING_COMPOSE,
        f"{C3}/Dockerfile": samples.CODE_DOCKERFILE.replace("numpy==2.4.6", "numpy==2.3.5"),
    },
    "duplicate": {"docker-compose.yml": samples.WAITING_COMPOSE},
}
"""Submissions in addition to the variants of the tests, by name."""


def write_class(
    folder: Path, size: int, label: str, *, own_steps: bool = False, packages: Sequence[str] = ()
) -> None:
    """Write a class of submissions.

    Args:
        folder: the folder of the class; created here.
        size: number of submissions.
        label: a value that no other class has in its Dockerfiles.
        own_steps: whether to keep submissions from sharing build steps.
        packages: packages to install in addition to NumPy.
    """
    kinds = list((STYLES | variants.changes(samples)).items())
    for number in range(size):
        name, changes = kinds[number % len(kinds)]
        again = number // len(kinds)
        own = {"README.md": samples.README.replace("# Task 06", f"# Task 06 of group {number}")}
        if again:
            own[variants.PROGRAM] = (changes.get(variants.PROGRAM) or samples.PROGRAM) + f"# group {number}\n"
        written = samples.write_sample(folder / f"{name} {again + 1}".replace(" ", "-"), {**changes, **own})
        for path in written.glob("*/[Dd]ockerfile"):
            base, _, rest = path.read_text(encoding="utf-8").partition("\n")
            value = f"{label}-{number}" if own_steps else label
            rest = rest.replace("numpy==2", " ".join([*packages, "numpy==2"]))
            path.write_text(f"{base}\nLABEL class={value}\n{rest}", encoding="utf-8")


def evaluate(folder: Path, reports: Path, jobs: int) -> float:
    """Evaluate the class with the command, and return the seconds that it took.

    Args:
        folder: the folder of the class.
        reports: the folder for the reports.
        jobs: number of submissions evaluated at the same time.
    """
    command = [sys.executable, str(PROJECT.root / "App07.py"), "evaluate", "--class-list", str(folder)]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "--output", str(reports), "--jobs", str(jobs)], capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 75):  # 75: a base image that is not allowed
        raise SystemExit(done.stdout + done.stderr)
    return seconds


def rows_of(reports: Path) -> list[list[str]]:
    """Return a row for each submission: its points, its seconds, and those of its builds."""
    rows = []
    for path in sorted(reports.glob("*/report.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        checks = [check for line in report["lines"] for check in line["results"]]
        builds = sum(check["seconds"] for check in checks if check["id"].endswith(".builds"))
        prediction = sum(check["seconds"] for check in checks if check["id"] == "activation.prediction")
        total = report["seconds"]
        rows.append(
            [
                path.parent.name, report.get("total", f"{report['points']:g}"), f"{total:.1f}",
                f"{builds:.1f}", f"{prediction:.1f}",
            ]
        )  # fmt: skip
    return rows


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="measured rounds (default 3)")
    parser.add_argument("--size", type=int, default=10, help="number of submissions (default 10)")
    parser.add_argument(
        "--jobs", type=int, default=2, help="number of submissions evaluated at the same time (default 2)"
    )
    parser.add_argument("--own-steps", action="store_true", help="keep submissions from sharing build steps")
    parser.add_argument(
        "--packages", nargs="*", default=[], help="packages to install in addition to NumPy, with versions"
    )
    chosen = parser.parse_args()
    taken = []
    with tempfile.TemporaryDirectory(prefix="app07-bench-") as name:
        for number in range(chosen.rounds):
            folder, reports = Path(name) / f"class{number}", Path(name) / f"reports{number}"
            label = f"{time.time_ns()}"
            write_class(folder, chosen.size, label, own_steps=chosen.own_steps, packages=chosen.packages)
            taken.append(evaluate(folder, reports, chosen.jobs) / chosen.size)
        each = ", ".join(f"{seconds:.1f}" for seconds in taken)
        print(f"## A class of {chosen.size}, {chosen.jobs} at a time, {cores()} cores\n")
        print(f"**{statistics.median(taken):.1f} s for each submission** (rounds: {each})\n")
        print(table(["submission", "points", "seconds", "builds", "prediction"], rows_of(reports)))


if __name__ == "__main__":
    main()
