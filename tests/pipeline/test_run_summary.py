"""The summary of a run reports what was observed: success is claimed only for status 0."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.atomic_files import sha256_of
from common.container_state import ContainerState
from common.errors import EngineUnavailable, PipelineError, StackFailed
from common.project import Layout
from pipeline.engines.base import ContainerReport, StackEnd, as_json, same_prediction
from pipeline.prepared_files import Prepared
from pipeline.stages import prepare, stack_run
from pipeline.stages.collected_files import CollectedFile
from pipeline.stages.container_tests import all_passed, failures
from pipeline.stages.run_record import Run, prediction_lines, summary
from pipeline.stages.selection import select
from pipeline.stages.stack_run import run

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def life(
    service: str, started: float, ended: float | None, status: int | None, remark: str = ""
) -> ContainerState:
    return ContainerState(service, at(started), None if ended is None else at(ended), status, remark)


DATA = (life("activationbase", 0.1, 3.0, 0), life("knowledgebase", 0.2, 3.1, 0))


@dataclass
class Told:
    """A fake engine that reports a given result."""

    end: StackEnd | BaseException
    name: str = "told"
    fallback: str = ""
    lines: list[str] = field(default_factory=list)

    def describe(self) -> str:
        return "an engine of the tests"

    def build(self, *, allowed: bool, on_line: Callable[[str], None]) -> list[str]:
        return []

    def test_containers(self, prepared: Prepared) -> list[ContainerReport]:
        return []

    def run_stack(self, prepared: Prepared, *, timeout: float, on_line: Callable[[str], None]) -> StackEnd:
        for line in self.lines:
            on_line(line)
        if isinstance(self.end, BaseException):
            raise self.end
        return self.end


@pytest.fixture
def prepared(checkout: Layout) -> Prepared:
    return prepare.prepare(checkout, select(checkout, {}, model=None, data=None))[0]


@pytest.fixture
def told(checkout: Layout, prepared: Prepared) -> Callable[..., Run]:
    """Return a function that runs stage 3 with a fake engine."""

    def go(end: StackEnd | BaseException, *lines: str) -> Run:
        engine = Told(end, lines=list(lines))
        return run(checkout, engine, prepared, timeout=5, on_line=lambda line: None)

    return go


def ended(status: int, *lives: ContainerState, log: str = "") -> StackEnd:
    return StackEnd("compose up", status, lives, log)


def said(error: PipelineError | None) -> str:
    assert error is not None
    return str(error)


@pytest.mark.parametrize("status", [1, 7, 65, 66, 69, 70, 73, 75, 130, 137])
def test_success_is_reported_only_for_status_0(checkout: Layout, tmp_path: Path, status: int) -> None:
    error = StackFailed("codebase ended badly", status=status)
    text = summary(checkout, Run("local", "local", "", status, NOON, 1.0, None, error, {}, None))
    assert text.splitlines()[:2] == [f"Result:       FAILED, exit status {status}", f"Exit status:  {status}"]
    assert "prediction made" not in text
    assert text.endswith("\nFiles:\n  none\n\nWhat failed:\n  codebase ended badly\n")


def test_a_success_shows_the_prediction_and_every_file(checkout: Layout, tmp_path: Path) -> None:
    csv = tmp_path / "prediction.csv"
    csv.write_text("x,prediction\n1.0,0.5\n", encoding="utf-8")
    end = ended(0, *DATA, life("codebase", 1.0, 2.5, 0))
    files = {"prediction.csv": CollectedFile(csv, sha256_of(csv), csv.stat().st_size, csv.stat().st_mtime)}
    text = summary(
        checkout, Run("docker 20", "docker", "", 0, NOON, 3.25, end, None, files, {"status": "done"})
    )
    assert text == (
        "Result:       prediction made\n"
        "Exit status:  0\n"
        "Engine:       docker 20\n"
        "Started:      2026-01-02T12:00:00+00:00\n"
        "Seconds:      3.25\n"
        "Command:      compose up\n"
        "Ended with:   0\n"
        "\n"
        "Starts and ends, in order:\n"
        "  2026-01-02T12:00:00.100+00:00  activationbase started\n"
        "  2026-01-02T12:00:00.200+00:00  knowledgebase started\n"
        "  2026-01-02T12:00:01.000+00:00  codebase started\n"
        "  2026-01-02T12:00:02.500+00:00  codebase exited with status 0\n"
        "  2026-01-02T12:00:03.000+00:00  activationbase exited with status 0\n"
        "  2026-01-02T12:00:03.100+00:00  knowledgebase exited with status 0\n"
        "\n"
        "Files:\n"
        f"  prediction.csv                       21 bytes  sha256 {sha256_of(csv)}\n"
        "\n"
        "Prediction:\n"
        "  x,prediction\n"
        "  1.0,0.5\n"
    )


def test_containers_that_never_started_or_were_still_running_are_reported(checkout: Layout) -> None:
    end = ended(
        1,
        life("activationbase", 0.1, 1.0, 73, "out of memory"),
        life("knowledgebase", 0.2, None, None),
        ContainerState("codebase", None, None, None, "never started"),
    )
    text = summary(checkout, Run("docker", "docker", "", 73, NOON, 1.0, end, None, {}, None))
    story = text.partition("in order:\n")[2].partition("\n\n")[0]
    assert [line.split("  ")[-1].strip() for line in story.splitlines()] == [
        "activationbase started",
        "knowledgebase started",
        "activationbase exited with status 73 (out of memory)",
        "codebase was never started: never started",
    ]


@pytest.mark.parametrize(
    ("end", "status", "says"),
    [
        (
            ended(
                7, *DATA, life("codebase", 1, 2, 7), log="codebase-1  | broken\nactivationbase-1  | rows\n"
            ),
            7,
            "codebase exited with status 7. Its last lines:\n    codebase-1  | broken",
        ),
        (
            ended(137, *DATA, life("codebase", 1, 2, 137, "killed from outside"), log="codebase_1 | x\n"),
            137,
            "codebase exited with status 137 (killed from outside). Its last lines:\n    codebase_1 | x",
        ),
        (
            ended(
                1,
                life("activationbase", 0.1, 0.9, 73),
                life("knowledgebase", 0.2, 1, 137),
                log="activationbase | full\n",
            ),
            73,
            "activationbase exited with status 73. Its last lines:\n    activationbase | full",
        ),
        (
            # codebase failed because its data was missing: it reports what is missing, whichever container failed first
            ended(
                66,
                life("knowledgebase", 0.1, 0.9, 137),
                life("codebase", 1, 2, 66),
                log="codebase | no file\n",
            ),
            66,
            "codebase exited with status 66. Its last lines:\n    codebase | no file",
        ),
        (
            # the command failed although codebase succeeded: the run has failed
            ended(1, *DATA, life("codebase", 1, 2, 0), log="compose: broken pipe\n"),
            1,
            "the stack exited with status 1 and codebase did not exit with status 0. The last lines:\n"
            "    compose: broken pipe",
        ),
        (
            # the command succeeded, but codebase never ran: the first container that exited ended the stack
            ended(0, *DATA, log=""),
            70,
            "the stack exited with status 0 and codebase did not exit with status 0. The last lines:\n",
        ),
        (
            ended(0, *DATA, life("codebase", 1, None, None), log="still running\n"),
            70,
            "the stack exited with status 0 and codebase did not exit with status 0. The last lines:\n"
            "    still running",
        ),
        (
            ended(0, *DATA, life("codebase", 1, 2, 3), log="nothing of it\n"),
            3,
            "codebase exited with status 3. Its last lines:\n    nothing of it",
        ),
    ],
    ids=[
        "code failed",
        "code killed",
        "data failed",
        "data killed, code noticed",
        "command failed",
        "code never seen",
        "code still runs",
        "command hides the status",
    ],
)
def test_the_failed_container_is_reported_with_its_last_lines(
    checkout: Layout, told: Callable[..., Run], end: StackEnd, status: int, says: str
) -> None:
    done = told(end)
    assert (done.status, said(done.error)) == (status, says)
    text = (checkout.stage3 / stack_run.SUMMARY).read_text(encoding="utf-8")
    assert text.startswith(f"Result:       FAILED, exit status {status}\n")
    assert says.splitlines()[0] in text


def test_shown_lines_are_logged_even_if_the_engine_fails(checkout: Layout, told: Callable[..., Run]) -> None:
    done = told(EngineUnavailable("the Docker daemon went away", hint="Start Docker."), "one", "two")
    assert (done.status, done.end) == (69, None)
    assert (checkout.stage3 / stack_run.LOG).read_text(encoding="utf-8") == "one\ntwo\n"
    text = (checkout.stage3 / stack_run.SUMMARY).read_text(encoding="utf-8")
    assert text.endswith("What failed:\n  the Docker daemon went away\n    Start Docker.\n")


def test_an_interrupt_is_recorded(checkout: Layout, told: Callable[..., Run]) -> None:
    done = told(KeyboardInterrupt(), "one")
    assert done.status == 130
    text = (checkout.stage3 / stack_run.SUMMARY).read_text(encoding="utf-8")
    assert "What failed:\n  interrupted; the stack has been taken down\n" in text


def test_a_successful_engine_without_result_files_fails_the_run(
    checkout: Layout, told: Callable[..., Run]
) -> None:
    done = told(ended(0, *DATA, life("codebase", 1, 2, 0)))
    assert done.status == 70
    assert done.prediction is None
    assert (
        said(done.error) == "the stack exited with status 0, but shared_data/activation_data.csv is missing"
    )


def test_the_first_rows_of_a_long_prediction_are_shown_with_a_count(tmp_path: Path) -> None:
    csv = tmp_path / "prediction.csv"
    csv.write_text("x\n" + "".join(f"{number}\n" for number in range(150)), encoding="utf-8")
    lines = prediction_lines(csv)
    assert lines[:6] == ["  x", "  0", "  1", "  2", "  3", "  4"]
    assert len(lines) == 7
    assert re.fullmatch(r"  and 145 more rows", lines[6])


def test_multiline_and_very_long_cells_are_shown_in_one_short_row(tmp_path: Path) -> None:
    csv = tmp_path / "prediction.csv"
    csv.write_text('note,x\n"two\n""lines""",1\n' + "y" * 5000 + ",2\n" + "z,3\n" * 5, encoding="utf-8")
    lines = prediction_lines(csv)
    assert lines[1] == '  "two\\n""lines""",1'
    assert (len(lines[2]), lines[2][-5:]) == (2005, "yy...")
    assert lines[-1] == "  and 2 more rows"
    csv.write_text('x\n"never closed\n1\n', encoding="utf-8")
    assert prediction_lines(csv) == ["  x", '  "never closed\\n1']


# --- stage 2


def test_a_container_with_only_skipped_checks_has_not_passed() -> None:
    report = ContainerReport("codebase")
    report.skip("runs without root", "needs a container engine")
    assert report.status == "not checked"
    assert not all_passed([report])
    report.add("imports PyBrain", True)
    assert report.status == "passed"
    report.add("answers", False, "no prediction")
    assert report.status == "failed"
    assert failures([report]) == ["codebase: answers – no prediction"]


def test_a_container_without_any_check_has_not_passed() -> None:
    assert not all_passed([ContainerReport("codebase")])


def test_a_report_is_written_unchanged() -> None:
    report = ContainerReport("codebase", "codebase_app07:1", "sha256:12", output="OK\n", seconds=1.23456)
    report.add("imports PyBrain", True, "status 0")
    written: dict[str, Any] = as_json(report)
    assert written == {
        "container": "codebase",
        "status": "passed",
        "image": "codebase_app07:1",
        "image_id": "sha256:12",
        "seconds": 1.235,
        "checks": [{"name": "imports PyBrain", "status": "passed", "detail": "status 0"}],
        "output": "OK\n",
    }


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda values: values, True),
        (lambda values: [values[0] * (1 + 1e-13), *values[1:]], True),
        (lambda values: [values[0] * (1 + 1e-11), *values[1:]], False),
        (lambda values: [*values[:-1], float("nan")], False),
        (lambda values: [float("nan"), *values[1:]], False),
        (lambda values: [*values[:-1], float("inf")], False),
        (lambda values: values[1:], False),
        (lambda values: list(reversed(values)), False),
    ],
    ids=["equal", "last bits", "off", "nan last", "nan first", "inf", "one short", "reversed"],
)
def test_a_prediction_is_compared_with_the_hosts(
    prepared: Prepared, change: Callable[[list[float]], list[float]], same: bool
) -> None:
    answer = change([float(value) for value in prepared.rows.prediction])
    row = [*(float(value) for value in prepared.rows.first), *answer]
    csv = "header\n" + ",".join(repr(value) for value in row) + "\n"
    assert same_prediction(csv, prepared)[0] is same


@pytest.mark.parametrize("csv", ["", "a,b,c\n", "a,b,c\nx,y,z\n"])
def test_a_missing_prediction_is_reported(prepared: Prepared, csv: str) -> None:
    assert same_prediction(csv, prepared) == (False, "no prediction was written")
