"""The timeline of a run, from starts, ends and files, and the resulting points."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.check_status import NOT_CHECKED
from common.container_state import ContainerState
from common.project import SERVICES
from evaluation.evidence.evidence import Evidence
from evaluation.grading import Grader
from evaluation.prediction.rerun import not_rerun
from evaluation.rubric import load_rubric
from evaluation.sandbox import timeline
from evaluation.sandbox.stack_run import StackRun
from evaluation.sandbox.volumes import VolumeEntry
from evaluation.traps import find_traps

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def at(seconds):
    return None if seconds is None else NOON + timedelta(seconds=seconds)


def container(service, started, ended, status, remark="", restarts=0):
    return ContainerState(service, at(started), at(ended), status, remark, restarts)


@pytest.fixture
def ran(evidence_of, fixtures):
    """Return evidence with built images and the given run of the stack."""
    course = fixtures / "default" / "course"
    rows, model = (
        (course / "currentActivation.csv").read_bytes(),
        (course / "currentSolution.pkl").read_bytes(),
    )

    def make(
        *lives,
        status=0,
        stopped="",
        printed=("Prediction: 0.2070925505",),
        shared=None,
        ends=None,
        changes=None,
    ):
        files = {"activation_data.csv": rows, "currentSolution.pkl": model} if shared is None else shared
        left = {
            name: content
            if isinstance(content, VolumeEntry)
            else VolumeEntry(name, 1000, NOON.timestamp(), "file", content)
            for name, content in files.items()
        }
        log = tuple(("codebase", line) for line in printed)
        run = StackRun(
            "docker-compose up", status, 1.0, stopped, tuple(lives), log, "\n".join(printed), left, {}
        )
        made = evidence_of(changes or {})
        made.remember(Evidence.run, run)
        made.remember(Evidence.runs, (run,))
        made.remember(Evidence.full_run, ends or run)
        made.remember(Evidence.rerun, not_rerun("a test without an engine"))
        return made

    return make


def points(made):
    """Return the checks of compose file, copies and prediction that did not pass, given built images."""
    judge = Grader(load_rubric(), made)
    for item in judge.rubric.items:
        if item.id.partition(".")[0] in ("compose", "copying", "activation"):
            needs = tuple(need for need in item.needs if not need.startswith("container"))
            judge.results[item.id] = judge._result(type(item)(**{**item.__dict__, "needs": needs}))
    return {name: result for name, result in judge.results.items() if result.status != "passed"}


DATA = (container("activationbase", 0, 5, 137), container("knowledgebase", 0.3, 5, 137))
CODE = container("codebase", 0.6, 3, 0)


def test_a_correct_run_gets_all_points(ran):
    assert points(ran(*DATA, CODE)) == {}


@pytest.mark.slow
def test_a_run_in_order_without_depends_on_loses_only_the_points_of_the_dependencies(ran, samples):
    compose = samples.COMPOSE[: samples.COMPOSE.rindex("    depends_on")]
    together = [replace(life, started=NOON) for life in (CODE, *DATA)]
    assert set(points(ran(*together, changes={"docker-compose.yml": compose}))) == {"compose.dependencies"}


@pytest.mark.slow
def test_a_data_container_that_ends_first_is_reported(ran):
    made = ran(
        container("activationbase", 0, 1, 0),
        DATA[1],
        container("codebase", 0.6, 1.5, 137),
        printed=(),
        status=0,
    )
    lost = points(made)
    assert set(lost) == {"compose.orchestration", "compose.status", "activation.prediction"}
    assert lost["compose.status"].status == NOT_CHECKED
    assert "first-exit" in {finding.id for finding in find_traps(made)}


@pytest.mark.slow
def test_a_failed_data_container_is_reported_without_a_finding(ran):
    made = ran(
        DATA[0],
        container("knowledgebase", 0.3, 1, 1),
        container("codebase", 0.6, 1.5, 137),
        printed=(),
        status=1,
    )
    lost = points(made)
    assert "knowledgebase failed with status 1" in lost["compose.orchestration"].reason
    assert "knowledgebase failed" in lost["activation.prediction"].reason
    assert "first-exit" not in {finding.id for finding in find_traps(made)}


@pytest.mark.slow
def test_a_crash_of_codebase_fails_status_and_prediction(ran):
    lost = points(ran(*DATA, container("codebase", 0.6, 3, 1), printed=("ValueError: no",), status=1))
    assert set(lost) == {"compose.status", "activation.prediction"}
    assert "codebase failed with ValueError: no" in lost["activation.prediction"].reason


def test_an_error_is_quoted_even_if_other_lines_follow(ran):
    lines = ("Traceback (most recent call last):", "  File x", "KeyError: 'net'", "Model loaded")
    lost = points(ran(*DATA, container("codebase", 0.6, 3, 1), printed=lines, status=1))
    assert lost["activation.prediction"].reason == (
        "no prediction was made: codebase failed with KeyError: 'net'"
    )
    assert lost["compose.status"].reason.endswith("exited with status 1; it printed: KeyError: 'net'")


@pytest.mark.slow
def test_the_output_of_the_others_is_quoted_if_codebase_never_started(ran):
    made = ran(
        container("activationbase", 0, None, None), container("knowledgebase", 0.3, None, None),
        container("codebase", None, None, None), printed=("container knowledgebase-1 is unhealthy",), status=1,
    )  # fmt: skip
    kept = {"knowledgebase": ("cp: can't stat '/nowhere': No such file or directory", "waiting")}
    made.remember(Evidence.run, replace(made.run, engine_log=kept, log=()))
    told = points(made)["compose.orchestration"]
    assert told.reason == "codebase was never started: container knowledgebase-1 is unhealthy"
    assert told.hint.endswith(
        "What the other containers printed: knowledgebase: cp: can't stat '/nowhere': No such file or directory"
    )


@pytest.mark.slow
def test_a_codebase_that_does_not_wait_fails_only_orchestration(ran):
    whole = ran(*DATA, CODE).known(Evidence.run)
    late = VolumeEntry(
        "activation_data.csv", 1000, NOON.timestamp() + 9, "file", whole.shared["activation_data.csv"].content
    )
    made = ran(
        *DATA, container("codebase", 0.6, 1, 1), printed=("FileNotFoundError",), status=1, ends=whole,
        shared={"activation_data.csv": late, "currentSolution.pkl": whole.shared["currentSolution.pkl"]},
    )  # fmt: skip
    lost = points(made)
    assert set(lost) == {"compose.orchestration", "compose.status", "activation.prediction"}
    assert lost["compose.orchestration"].reason == (
        "codebase was started, and failed, before activation_data.csv had arrived in the shared folder"
    )
    found = next(finding for finding in find_traps(made) if finding.id == "no-waiting")
    assert found.where == "docker-compose.yml:20"


@pytest.mark.slow
def test_a_file_that_never_arrives_is_not_reported_as_late(ran):
    whole = ran(*DATA, CODE).known(Evidence.run)
    model = {"currentSolution.pkl": whole.shared["currentSolution.pkl"]}
    alone = replace(whole, shared=model)
    failed = container("codebase", 0.6, 1, 1)
    lost = points(ran(*DATA, failed, printed=("FileNotFoundError",), status=1, shared=model, ends=alone))
    assert set(lost) == {"compose.status", "activation.prediction", "copying.rows", "copying.rows_whole"}


@pytest.mark.slow
def test_a_codebase_that_waits_and_fails_later_is_not_reported_as_early(ran):
    whole = ran(*DATA, CODE).known(Evidence.run)
    came = {name: replace(left, written=NOON.timestamp() + 2) for name, left in whole.shared.items()}
    lost = points(
        ran(
            *DATA,
            container("codebase", 0.6, 4, 1),
            printed=("KeyError: 3",),
            status=1,
            shared=came,
            ends=whole,
        )
    )
    assert set(lost) == {"compose.status", "activation.prediction"}


def test_the_timeline_is_ordered_even_if_an_end_is_recorded_before_its_start(ran):
    short = container("activationbase", 0.01, 0, 0)
    run = ran(short, DATA[1], container("codebase", 0.6, None, None)).known(Evidence.run)
    assert timeline.format_timeline(run).splitlines() == [
        "0.0 s  activationbase started",
        "0.0 s  activationbase exited with status 0",
        "0.3 s  knowledgebase started",
        "0.6 s  codebase started",
        "5.0 s  knowledgebase exited with status 137",
    ]


@pytest.mark.slow
def test_a_restarted_container_is_not_the_first_exit_unless_codebase_was_killed(ran):
    again = container("activationbase", 2.9, 2.95, 0, restarts=7)
    assert points(ran(again, DATA[1], CODE)) == {}
    killed = ran(again, DATA[1], container("codebase", 0.6, 3, 137), printed=())
    assert timeline.wrong_first_exit(killed.known(Evidence.run), killed.roles).service == "activationbase"


def test_a_stack_that_never_ends_still_gets_the_points_for_its_prediction(ran):
    lost = points(
        ran(
            *DATA, container("codebase", 0.6, None, None), stopped="it did not end within 9 s and was stopped"
        )
    )
    assert set(lost) == {"compose.orchestration", "compose.status"}
    assert "codebase must exit once it has made its prediction" in lost["compose.orchestration"].hint


@pytest.mark.slow
def test_a_codebase_that_never_started_is_reported(ran):
    lost = points(ran(*DATA, container("codebase", None, None, None), printed=(), status=1))
    assert set(lost) == {"compose.orchestration", "compose.status", "activation.prediction"}


@pytest.mark.slow
def test_a_codebase_that_starts_before_the_data_fails_orchestration(ran):
    lost = points(
        ran(
            container("activationbase", 9, 12, 137),
            container("knowledgebase", 9, 12, 137),
            container("codebase", 0, 11, 0),
        )
    )
    assert set(lost) == {"compose.orchestration", "compose.status"}
    assert "codebase was started before activationbase" in lost["compose.orchestration"].reason


@pytest.mark.slow
def test_out_of_memory_is_reported(ran):
    made = ran(*DATA, container("codebase", 0.6, 3, 137, "out of memory"), printed=(), status=137)
    assert "(out of memory)" in points(made)["compose.status"].reason
    assert "over-the-limits" in {finding.id for finding in find_traps(made)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "left", "lost"),
    [
        ("currentSolution.pkl", None, {"copying.model", "copying.model_whole"}),
        ("currentSolution.pkl", b"another", {"copying.model_whole"}),
        (
            "currentSolution.pkl",
            VolumeEntry("currentSolution.pkl", 0, 0, "link"),
            {"copying.model", "copying.model_whole"},
        ),
        ("activation_data.csv", None, {"copying.rows", "copying.rows_whole"}),
        ("activation_data.csv", b"x,y\r\n", {"copying.rows_whole"}),
    ],
)
def test_each_file_has_its_own_points(ran, name, left, lost):
    shared = {
        key: value.content
        for key, value in ran(*DATA, CODE).known(Evidence.run).shared.items()
        if key != name
    }
    assert set(points(ran(*DATA, CODE, shared=shared if left is None else {**shared, name: left}))) == lost


def test_a_success_message_is_not_a_prediction(ran):
    lost = points(
        ran(*DATA, CODE, printed=("Model loaded", "ACTIVATION COMPLETE", "All predictions correct"))
    )
    assert set(lost) == {"activation.prediction"}


@pytest.mark.slow
def test_a_wrong_prediction_is_reported_with_the_expected_one(ran):
    reason = points(ran(*DATA, CODE, printed=("Prediction: 0.31",)))["activation.prediction"].reason
    assert "shows 'Prediction: 0.31', the network predicts 0.20709" in reason


def test_an_invalid_compose_file_fails_its_check_and_dependent_checks(evidence_of, samples):
    made = evidence_of(
        {"docker-compose.yml": samples.COMPOSE.replace("image: codebase_app07", "imagee: codebase_app07")}
    )
    lost = points(made)
    assert lost["compose.syntax"].status == "failed"
    assert {result.status for name, result in lost.items() if name != "compose.syntax"} == {NOT_CHECKED}
    assert sum(result.of for result in lost.values()) == 20 + 10 + 15


@pytest.mark.slow
def test_the_three_services_are_found_by_image_build_or_name(evidence_of):
    compose = """
services:
  one: {image: "activationbase_app07:latest", volumes: ["./shared_data:/s"]}
  two: {build: ./container2_knowledgebase, volumes: ["./shared_data:/s"]}
  code-base: {image: "python:3.11-slim", volumes: [".:/all"]}
"""
    roles = evidence_of({"docker-compose.yml": compose}).roles
    assert [roles.service(role.name) for role in SERVICES] == ["one", "two", "code-base"]
    assert roles.shared == "shared_data"
    assert roles.sees_shared == {"activationbase", "knowledgebase", "codebase"}


def test_a_restarted_codebase_counts_as_the_end_of_the_stack(ran):
    data = (container("activationbase", 0, 2.4, 137), container("knowledgebase", 0, 2.4, 137))
    assert points(ran(*data, container("codebase", 0.2, 1.3, 0, restarts=1))) == {}


@pytest.mark.slow
def test_files_in_shared_data_count_if_the_whole_project_is_shared(ran, fixtures):
    course = fixtures / "default" / "course"
    shared = {
        "shared_data/activation_data.csv": (course / "currentActivation.csv").read_bytes(),
        "shared_data/currentSolution.pkl": (course / "currentSolution.pkl").read_bytes(),
    }
    assert points(ran(*DATA, CODE, shared=shared)) == {}
