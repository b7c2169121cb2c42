"""The interface of an engine, and the values that it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from common.check_status import FAILED, NOT_CHECKED, PASSED
from common.container_state import ContainerState
from common.process import CompletedProgram
from pipeline.prepared_files import Prepared

TEST_TIMEOUT = 120.0
"""Default time limit for each test of a container, in seconds."""

PREDICTION_FOLLOWS = "--- prediction.csv ---"


@dataclass(frozen=True)
class Check:
    """One check of a container.

    Attributes:
        name: what is checked, as a short sentence.
        status: passed, failed, or not checked.
        detail: the observed result, or why the check was not performed.
    """

    name: str
    status: str
    detail: str = ""


@dataclass
class ContainerReport:
    """The results of testing one container on its own.

    Attributes:
        name: the service.
        image: the image; empty if there is none.
        image_id: the digest of the image.
        checks: the checks, in order.
        output: the output of the container.
        seconds: the duration of the tests.
        exit_status: the first nonzero exit status of the tests; 75 if a test exceeded the time limit.
    """

    name: str
    image: str = ""
    image_id: str = ""
    checks: list[Check] = field(default_factory=list)
    output: str = ""
    seconds: float = 0.0
    exit_status: int = 0

    @property
    def status(self) -> str:
        """Failed if a check failed, passed if at least one passed, otherwise not checked."""
        statuses = {check.status for check in self.checks}
        return FAILED if FAILED in statuses else PASSED if PASSED in statuses else NOT_CHECKED

    def add(self, name: str, holds: bool, detail: str = "") -> None:
        """Add a check with its outcome.

        Args:
            name: what is checked, as a short sentence.
            holds: whether the check passed.
            detail: the observed result.
        """
        self.checks.append(Check(name, PASSED if holds else FAILED, detail))

    def skip(self, name: str, why: str) -> None:
        """Add a check that cannot be performed with this engine.

        Args:
            name: what is checked, as a short sentence.
            why: the reason.
        """
        self.checks.append(Check(name, NOT_CHECKED, why))


@dataclass(frozen=True)
class StackEnd:
    """How a run of the stack ended.

    Attributes:
        command: the command that ran the stack.
        status: the exit status of that command.
        containers: the state of each container, in the order in which they started.
        log: the output of all containers, without escape sequences.
    """

    command: str
    status: int
    containers: tuple[ContainerState, ...]
    log: str

    def container(self, service: str) -> ContainerState | None:
        """Return the state of the container of a service; None if it is unknown."""
        return next((state for state in self.containers if state.service == service), None)


class Engine(Protocol):
    """Builds, tests and runs the three containers.

    Attributes:
        name: docker or local.
        fallback: why the preferred engine, docker, is not used; empty if docker is used or was not requested.
    """

    name: str
    fallback: str

    def describe(self) -> str:
        """Return the name and version of the engine, in one line."""

    def build(self, *, allowed: bool, on_line: Callable[[str], None]) -> list[str]:
        """Build missing and outdated images.

        Args:
            allowed: whether images may be built; otherwise a missing or outdated image is an error.
            on_line: called with each line of the builds.

        Returns:
            A line for each service.

        Raises:
            BuildFailed: an image cannot be built; the message has the last lines of the build.
        """

    def test_containers(self, prepared: Prepared) -> list[ContainerReport]:
        """Test each container on its own."""

    def run_stack(self, prepared: Prepared, *, timeout: float, on_line: Callable[[str], None]) -> StackEnd:
        """Run the stack to its end, and take it down in any case.

        Args:
            prepared: the prepared files.
            timeout: time limit for the stack, in seconds.
            on_line: called with each line of output.

        Raises:
            TimedOut: the stack did not end in time.
            KeyboardInterrupt: the user stopped the run; raised again after the stack has been taken down.
        """


def as_json(report: ContainerReport) -> dict[str, object]:
    """Return a report as it is written to test_results.json."""
    return {
        "container": report.name,
        "status": report.status,
        "image": report.image,
        "image_id": report.image_id,
        "seconds": round(report.seconds, 3),
        "checks": [check.__dict__ for check in report.checks],
        "output": report.output,
    }


def write_first_row(prepared: Prepared, target: Path) -> None:
    """Write the inputs of the first row to a CSV file.

    Args:
        prepared: the prepared files.
        target: the CSV file.
    """
    target.write_text(",".join(repr(float(value)) for value in prepared.rows.first) + "\n", encoding="utf-8")
    target.chmod(0o644)


def exit_summary(ended: CompletedProgram) -> str:
    """Return the exit status of a program and, if it failed, its last lines."""
    return f"status {ended.status}" if ended.ok else f"status {ended.status}: {ended.last_lines(3)}"


def same_prediction(csv: str, prepared: Prepared) -> tuple[bool, str]:
    """Compare the first row of a prediction.csv with the host's prediction.

    Args:
        csv: the content of the file.
        prepared: the prepared files, with the host's prediction.

    Returns:
        Whether both agree within a relative difference of 1e-12, and both predictions as text.
    """
    lines = csv.strip().splitlines()
    expected = [float(value) for value in prepared.rows.prediction]
    try:
        first = len(prepared.rows.first)  # the class may follow the outputs
        predicted = [float(cell) for cell in lines[1].split(",")[first : first + len(expected)]]
        # One by one: max() over the differences would hide a NaN.
        same = all(abs(a - b) <= 1e-12 * abs(b) for a, b in zip(predicted, expected, strict=True))
    except (IndexError, ValueError):
        return False, "no prediction was written"
    return same, f"{predicted}, but {expected} on the host"
