"""Measure the overhead of the container pipeline and print three results.

    .venv/bin/python benchmarks/pipeline_stack.py [--rounds 9] [--compose v1|v2]

1. A warm `compose up` of the stack, compared with a baseline: the same stack with a codebase that only copies a file
   and exits.
2. From `docker run` of codebase to a prediction, compared with `python -c "import numpy"` in the same image.
3. The size that the codebase image adds to its base image.

Needs a container engine and built images (`python App07.py`). Both sides of a comparison alternate in one run, and
medians are printed. Ratios carry over to other machines better than times.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from common.docker_command import find_docker
from common.project import ACTIVATION_FILE, CARD_FILE, KNOWLEDGE_FILE, PROJECT
from pipeline.engines.docker import DockerEngine

BASELINE = """services:
  codebase:
    image: activationbase_app07:{tag}
    command: ["cp", "/shared_data/activation_data.csv", "/shared_data/prediction.csv"]
"""


def seconds(command: list[str], **options: object) -> float:
    """Return the duration of a command, which must succeed."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, **options)  # type: ignore[call-overload]
    return time.perf_counter() - started


def in_turns(rounds: int, *sides: Callable[[], float]) -> list[float]:
    """Return the median of each side; the sides alternate, and the first round is not counted."""
    taken: list[list[float]] = [[] for _ in sides]
    for number in range(rounds + 1):
        for side, times in zip(sides, taken, strict=True):
            took = side()
            if number:
                times.append(took)
    return [statistics.median(times) for times in taken]


def stack_against_baseline(rounds: int, engine: DockerEngine, folder: Path) -> tuple[float, float]:
    """Return the medians of a warm `up`: of the stack and of the baseline.

    Args:
        rounds: number of measured rounds.
        engine: the container engine.
        folder: a folder for the Compose files.
    """
    baseline_file = folder / "baseline.yml"
    baseline_file.write_text(BASELINE.format(tag=engine.tag), encoding="utf-8")
    environment = {**os.environ, "IMAGE_TAG": engine.tag}

    def up(project: str, *files: str) -> Callable[[], float]:
        base = [*engine.compose.command, "-p", project, "-f", str(PROJECT.compose_file), *files]

        def once() -> float:
            subprocess.run(
                [*base, "down"], check=True, capture_output=True, cwd=PROJECT.root, env=environment
            )
            return seconds([*base, "up", "--abort-on-container-exit"], cwd=PROJECT.root, env=environment)

        return once

    try:
        ours, baseline = in_turns(rounds, up("bench-ours"), up("bench-baseline", "-f", str(baseline_file)))
    finally:
        for project in ("bench-ours", "bench-baseline"):
            command = [
                *engine.compose.command,
                "-p",
                project,
                "-f",
                str(PROJECT.compose_file),
                "down",
                "--volumes",
            ]
            subprocess.run(command, capture_output=True, cwd=PROJECT.root, env=environment, check=False)
    return ours, baseline


def start_against_import(rounds: int, engine: DockerEngine, folder: Path) -> tuple[float, float]:
    """Return the medians of `docker run`: to a prediction, and to `import numpy`.

    Args:
        rounds: number of measured rounds.
        engine: the container engine.
        folder: a folder for the files.
    """
    shared = folder / "shared"
    shared.mkdir()
    for source, name in (
        (PROJECT.own_activation, ACTIVATION_FILE),
        (PROJECT.own_knowledge, KNOWLEDGE_FILE),
        (PROJECT.own_knowledge.with_name(CARD_FILE), CARD_FILE),
    ):
        (shared / name).write_bytes(source.read_bytes())
    folder.chmod(0o755)
    run = ["docker", "run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp",
           "-v", f"{shared}:/shared_data:ro", "-e", f"DATA_PATH=/shared_data/{ACTIVATION_FILE}",
           "-e", "OUTPUT_PATH=/tmp/prediction.csv", f"codebase_app07:{engine.tag}"]  # fmt: skip
    ours, baseline = in_turns(
        rounds, lambda: seconds(run), lambda: seconds([*run, "python", "-c", "import numpy"])
    )
    return ours, baseline


def added_megabytes(engine: DockerEngine) -> float:
    """Return the size that codebase adds to python:3.11-slim, in MB."""

    def size(image: str) -> int:
        command = ["docker", "image", "inspect", "--format", "{{.Size}}", image]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return (size(f"codebase_app07:{engine.tag}") - size("python:3.11-slim")) / 1e6


def main() -> None:
    """Measure the stages and print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument(
        "--rounds", type=int, default=9, help="measured rounds after a warm-up round (default 9)"
    )
    options.add_argument("--compose", choices=("auto", "v1", "v2"), default="auto")
    chosen = options.parse_args()
    engine = DockerEngine(PROJECT, *find_docker(compose=chosen.compose))
    engine.build(allowed=True, on_line=lambda line: None)
    print(
        f"{engine.describe()}; {os.cpu_count()} cores, {platform.machine()}; medians of {chosen.rounds} rounds\n"
    )
    print(f"{'':<44} {'App07':>9} {'baseline':>9} {'ratio':>7} {'target':>7}")
    with tempfile.TemporaryDirectory(prefix="app07-bench-") as name:
        for title, target, (ours, baseline) in (
            ("warm compose up", 1.3, stack_against_baseline(chosen.rounds, engine, Path(name))),
            (
                "codebase to prediction / import numpy",
                1.5,
                start_against_import(chosen.rounds, engine, Path(name)),
            ),
        ):
            print(f"{title:<44} {ours:>7.2f} s {baseline:>7.2f} s {ours / baseline:>6.2f}x {target:>6.1f}x")
    print(f"{'codebase adds to its base':<44} {added_megabytes(engine):>6.1f} MB {'':>9} {'':>7} {80:>4} MB")


if __name__ == "__main__":
    main()
