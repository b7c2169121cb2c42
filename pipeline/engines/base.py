"""What an engine can do, and the values it answers with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pipeline.engines.container_state import ContainerState
from pipeline.prepared_files import Prepared
from pipeline.process import Ended

# Seconds that a container may take when it is looked at alone, where nobody says less.
LOOK_TIMEOUT = 120.0

PASSED, FAILED, NOT_CHECKED = "passed", "failed", "not checked"

# What a tutor types to see whether codebase has PyBrain.
PREDICTION_FOLLOWS = "--- prediction.csv ---"
PYBRAIN_IMPORTS = (
    "import sys; sys.path.append('/opt/pybrain'); "
    "from pybrain.structure import FeedForwardNetwork; print('OK')"
)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at in a container.

    Attributes:
        name: what should hold, as a sentence.
        status: passed, failed, or not checked (it could not be looked at here).
        detail: what was seen, or why nothing could be.
    """

    name: str
    status: str
    detail: str = ""


@dataclass
class ContainerReport:
    """What stage 2 saw of one container, alone.

    Attributes:
        name: the service.
        image: the image that was looked at; empty where there is none.
        image_id: its content address.
        checks: what was looked at.
        output: what the container really wrote.
        seconds: how long looking took.
        inner: the first exit status other than 0 that something in it ended with, 75 where it had to be ended.
    """

    name: str
    image: str = ""
    image_id: str = ""
    checks: list[Check] = field(default_factory=list)
    output: str = ""
    seconds: float = 0.0
    inner: int = 0

    @property
    def status(self) -> str:
        """failed where a check failed, passed where at least one passed, else not checked."""
        seen = {check.status for check in self.checks}
        return FAILED if FAILED in seen else PASSED if PASSED in seen else NOT_CHECKED

    def judge(self, name: str, holds: bool, detail: str = "") -> None:
        """Adds a check that was made."""
        self.checks.append(Check(name, PASSED if holds else FAILED, detail))

    def skip(self, name: str, why: str) -> None:
        """Adds a check that could not be made here."""
        self.checks.append(Check(name, NOT_CHECKED, why))


@dataclass(frozen=True)
class StackEnd:
    """How a run of the stack ended.

    Attributes:
        command: what was typed, in effect.
        status: the exit status of that command.
        lives: one per service, in order of their starts.
        log: all that was written, without escape codes.
    """

    command: str
    status: int
    lives: tuple[ContainerState, ...]
    log: str

    def life(self, service: str) -> ContainerState | None:
        """The life of one service."""
        return next((life for life in self.lives if life.service == service), None)


class Engine(Protocol):
    """Builds, looks at and runs the three containers."""

    name: str

    def describe(self) -> str:
        """Which engine this is, in one line."""

    def build(self, *, anew: bool, on_line: Callable[[str], None]) -> list[str]:
        """Makes the images that are missing or stale.

        Args:
            anew: False refuses to build and fails where something is missing.
            on_line: gets the lines of the builds.

        Returns:
            For each service, what was done.

        Raises:
            BuildFailed: with the last lines.
        """

    def look_at(self, prepared: Prepared) -> list[ContainerReport]:
        """Runs each container alone and reports what it saw."""

    def run_stack(self, prepared: Prepared, *, timeout: float, on_line: Callable[[str], None]) -> StackEnd:
        """Runs the stack to its end and takes it down again, whatever happens.

        Raises:
            TimedOut: it did not end in time.
            KeyboardInterrupt: handed on after the stack is down.
        """


def as_json(report: ContainerReport) -> dict[str, Any]:
    """A report as it stands in test_results.json."""
    return {
        "container": report.name,
        "status": report.status,
        "image": report.image,
        "image_id": report.image_id,
        "seconds": round(report.seconds, 3),
        "checks": [check.__dict__ for check in report.checks],
        "output": report.output,
    }


def write_one_row(prepared: Prepared, target: Path) -> None:
    """Writes the first row's inputs as a CSV file of its own: enough for one real prediction."""
    target.write_text(",".join(repr(float(value)) for value in prepared.rows.first) + "\n", encoding="utf-8")
    target.chmod(0o644)


def how_it_ended(ended: Ended) -> str:
    """The exit status of a container's program and, where it failed, its last lines."""
    return f"status {ended.status}" if ended.ok else f"status {ended.status}: {ended.last_lines(3)}"


def same_answer(csv: str, prepared: Prepared) -> tuple[bool, str]:
    """Compares the first row of a prediction.csv with the host's own answer, to 1e-12 relative."""
    lines = csv.strip().splitlines()
    expected = [float(value) for value in prepared.rows.prediction]
    try:
        answer = [float(cell) for cell in lines[1].split(",")][-len(expected) :]
        # Each for itself: the largest of several differences hides one that is no number.
        same = all(abs(a - b) <= 1e-12 * abs(b) for a, b in zip(answer, expected, strict=True))
    except (IndexError, ValueError):
        return False, "no prediction was written"
    return same, f"{answer} here and {expected} on the host"
