"""What the pipeline costs beyond what it cannot do without: prints three figures, passes no judgement.

    .venv/bin/python benchmarks/pipeline_stack.py [--rounds 9] [--compose v1|v2]

1. A warm `compose up` of the stack, against the same stack whose codebase does no more than copy a file and
   exit (the floor: what Compose and the engine need by themselves).
2. From `docker run` of codebase to a prediction, against `python -c "import numpy"` in the same image.
3. What the codebase image adds to its base.

Needs a container engine and built images (`python App07.py`). Both sides of a comparison take turns in one
run; medians are printed, and the ratio is what carries over to another machine.
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

from pipeline.engines.docker import DockerEngine
from pipeline.engines.docker_command import find_docker
from pipeline.project import ACTIVATION_FILE, CARD_FILE, KNOWLEDGE_FILE, PROJECT

FLOOR = """services:
  codebase:
    image: activationbase_app07:{tag}
    command: ["cp", "/shared_data/activation_data.csv", "/shared_data/prediction.csv"]
"""


def seconds(command: list[str], **options: object) -> float:
    """How long a command takes; it must succeed."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, **options)  # type: ignore[call-overload]
    return time.perf_counter() - started


def in_turns(rounds: int, *sides: Callable[[], float]) -> list[float]:
    """Return the median of each side, measured in turns so that both see the same machine; the first round warms up."""
    taken: list[list[float]] = [[] for _ in sides]
    for number in range(rounds + 1):
        for side, times in zip(sides, taken, strict=True):
            took = side()
            if number:
                times.append(took)
    return [statistics.median(times) for times in taken]


def stack_against_floor(rounds: int, engine: DockerEngine, folder: Path) -> tuple[float, float]:
    """Medians of a warm `up`: ours, and the floor's."""
    floor_file = folder / "floor.yml"
    floor_file.write_text(FLOOR.format(tag=engine.tag), encoding="utf-8")
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
        ours, floor = in_turns(rounds, up("bench-ours"), up("bench-floor", "-f", str(floor_file)))
    finally:
        for project in ("bench-ours", "bench-floor"):
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
    return ours, floor


def start_against_import(rounds: int, engine: DockerEngine, folder: Path) -> tuple[float, float]:
    """Medians of `docker run`: to a prediction, and to `import numpy`."""
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
    ours, floor = in_turns(
        rounds, lambda: seconds(run), lambda: seconds([*run, "python", "-c", "import numpy"])
    )
    return ours, floor


def added_megabytes(engine: DockerEngine) -> float:
    """Return what codebase adds to python:3.11-slim, in MB."""

    def size(image: str) -> int:
        command = ["docker", "image", "inspect", "--format", "{{.Size}}", image]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return (size(f"codebase_app07:{engine.tag}") - size("python:3.11-slim")) / 1e6


def main() -> None:
    """Measure the stages and print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument(
        "--rounds", type=int, default=9, help="measured rounds after a first that is not (default 9)"
    )
    options.add_argument("--compose", choices=("auto", "v1", "v2"), default="auto")
    chosen = options.parse_args()
    engine = DockerEngine(PROJECT, *find_docker(compose=chosen.compose))
    engine.build(allowed=True, on_line=lambda line: None)
    print(
        f"{engine.describe()}; {os.cpu_count()} cores, {platform.machine()}; medians of {chosen.rounds} rounds\n"
    )
    print(f"{'':<44} {'ours':>9} {'floor':>9} {'ratio':>7} {'aim':>7}")
    with tempfile.TemporaryDirectory(prefix="app07-bench-") as name:
        for title, aim, (ours, floor) in (
            ("warm compose up", 1.3, stack_against_floor(chosen.rounds, engine, Path(name))),
            (
                "codebase to prediction / import numpy",
                1.5,
                start_against_import(chosen.rounds, engine, Path(name)),
            ),
        ):
            print(f"{title:<44} {ours:>7.2f} s {floor:>7.2f} s {ours / floor:>6.2f}x {aim:>6.1f}x")
    print(f"{'codebase adds to its base':<44} {added_megabytes(engine):>6.1f} MB {'':>9} {'':>7} {80:>4} MB")


if __name__ == "__main__":
    main()
