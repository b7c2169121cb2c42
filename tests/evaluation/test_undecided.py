"""Checks that the environment prevents are undecided: they do not count in the total and can be decided later."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace

import pytest

from common.errors import PipelineError
from evaluation.cohort.entry import Entry, RerunPolicy, State
from evaluation.errors import CannotCheck, ImageRefused, MissingPrerequisite, Undecided, WorkerError
from evaluation.evaluate import EvaluationOptions
from evaluation.grading import Grader
from evaluation.marks import Mark
from evaluation.reports.export import EXPORTERS
from evaluation.result import Line, Report, Result, Verdict, as_json, from_json
from evaluation.rubric import load_rubric
from pipeline.commands.actions.evaluation import require_outcome


def result(name: str, points: float, of: float, **more: object) -> Result:
    status = "passed" if points else "not checked" if more else "failed"
    return Result(name, f"{name} holds", status, points, of, **more)  # type: ignore[arg-type]


UNDECIDED = result("c2", 0, 35, reason="the image x cannot be pulled", undecided=True)
LINES = (Line("One", "", (result("a", 47, 47), result("b", 0, 18))), Line("Two", "", (UNDECIDED,)))
REPORT = Report("ann", "ann", "folder", "ab", 1, 1, "Task", "cd", LINES, engine="docker")


def test_the_total_counts_only_decided_points_if_something_is_undecided():
    assert (REPORT.decided, REPORT.total_text) == (65, "47 of 65 decided")
    decided = replace(REPORT, lines=LINES[:1])
    assert (decided.decided, decided.total_text) == (65, "47 of 65")


def test_a_tutor_decides_what_is_undecided():
    marked = replace(UNDECIDED, mark=Mark(30))
    by_check = replace(REPORT, lines=(LINES[0], replace(LINES[1], results=(marked,))))
    by_line = replace(REPORT, lines=(LINES[0], replace(LINES[1], mark=Mark(30))))
    for report in (by_check, by_line):
        assert (report.undecided, report.total_text) == ((), "77 of 100")


@pytest.mark.parametrize("name", ["markdown", "html", "gradescope"])
def test_reports_and_exports_show_undecided_checks(name):
    assert "47 of 65 decided" in EXPORTERS[name].export(REPORT).replace("<b>", "").replace("</b>", "")


@pytest.mark.parametrize("name", ["junit", "classroom", "gradescope"])
def test_exports_mark_each_undecided_check(name):
    text = EXPORTERS[name].export(REPORT)
    if name == "classroom":
        text = "".join(b64decode(line.partition("=")[2]).decode() for line in text.splitlines()[1:])
    assert "the image x cannot be pulled" in text and "ot decided" in text


def test_a_report_with_undecided_checks_is_unchanged_after_a_json_round_trip():
    value = json.loads(json.dumps(as_json(REPORT)))
    assert (value["decided"], value["total"]) == (65, "47 of 65 decided")
    assert from_json(value) == REPORT


def test_undecided_checks_end_with_status_75_unless_the_points_can_no_longer_suffice():
    with pytest.raises(
        Undecided, match="47 of 65 decided: 1 checks could not be decided on this machine"
    ) as error:
        require_outcome(REPORT)
    assert error.value.status == 75
    with pytest.raises(Undecided):
        require_outcome(REPORT, minimum=82)
    with pytest.raises(PipelineError, match="47 of 65 decided; at least 83 points") as missed:
        require_outcome(REPORT, minimum=83)
    assert missed.value.status == 70
    require_outcome(REPORT, run=False)


def graded(evidence, verdicts):
    """Return the results of the built-in rubric for the given verdicts by check name."""

    def verdict(name: str, _: object, parameters: Mapping[str, object]) -> Verdict:
        outcome = verdicts.get(f"{name} {parameters.get('container', '')}", verdicts["all others"])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    evidence.verdict = verdict
    grader = Grader(load_rubric(), evidence)
    grader.carry_out()
    return grader.results


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "undecided"),
    [
        (CannotCheck("the engine did not respond"), True),
        (WorkerError("a worker ended"), True),
        (ValueError("an internal error"), True),
        (MissingPrerequisite("there is no image of container1"), False),
        (ImageRefused("an image of this project"), False),
    ],
)
def test_checks_that_depend_only_on_undecided_checks_are_undecided(evidence_of, error, undecided):
    results = graded(evidence_of(), {"all others": error})
    assert {result.status for result in results.values()} == {"not checked"}
    assert {result.undecided for result in results.values()} == {undecided}


@pytest.mark.slow
def test_checks_that_depend_on_a_failed_check_are_decided_despite_undecided_ones(evidence_of):
    verdicts = {
        "all others": Verdict(True, "it holds"),
        "image_builds 1": Verdict(False, "a step fails"),
        "image_builds 2": CannotCheck("the image x cannot be pulled"),
    }
    results = graded(evidence_of(), verdicts)
    undecided = [name for name, result in results.items() if result.undecided]
    assert undecided == ["container2.builds", "container2.holds", "container2.shows"]
    assert results["container2.holds"].reason.startswith("it depends on undecided checks: ")
    assert results["compose.orchestration"].status == "not checked"


def test_again_evaluates_only_submissions_with_undecided_checks(tmp_path):
    def state_after(again: RerunPolicy, report: Report) -> State:
        folder = tmp_path / report.submission
        folder.mkdir(exist_ok=True)
        (folder / "report.json").write_text(json.dumps(as_json(report)))
        (folder / "state.json").write_text('{"key": "k"}')
        entry = Entry(report.submission, folder, folder, key="k")
        entry.reuse_report(EvaluationOptions(), again)
        return entry.state

    decided = replace(REPORT, submission="bob", lines=LINES[:1])
    assert [state_after(RerunPolicy.NONE, one) for one in (REPORT, decided)] == [State.REUSED, State.REUSED]
    assert [state_after(RerunPolicy.UNDECIDED, one) for one in (REPORT, decided)] == [
        State.WAITING,
        State.REUSED,
    ]
    assert [state_after(RerunPolicy.ALL, one) for one in (REPORT, decided)] == [State.WAITING, State.WAITING]
