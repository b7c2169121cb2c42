"""Every check of the task's rubric: a submission that breaks exactly these checks loses exactly their points."""

from __future__ import annotations

import pytest

from common.check_status import NOT_CHECKED
from evaluation.evaluate import EvaluationOptions, evaluate
from evaluation.rubric import load_rubric

ITEMS = [item.id for item in load_rubric().items]
DOCUMENTS = ("readme", "discussion")
OF_FILES = [name for name in ITEMS if name.partition(".")[0] in DOCUMENTS]
OF_CONTAINERS = [name for name in ITEMS if name not in OF_FILES]
BROKEN = [
    "images 1 and 3", "image 2", "other files", "silent", "syntax", "services", "first exit", "prediction",
    "copied names", "copied content",
]  # fmt: skip


def reason_of(report, name):
    return next(result.reason for result in report.results if result.id == name)


def test_there_is_one_breaking_case_for_every_check(breaks, samples):
    cases = breaks.containers(samples)
    assert sorted(cases) == sorted(BROKEN)
    assert sorted(check for case in cases.values() for check in case.reasons) == sorted(OF_CONTAINERS)
    documents = breaks.documents(samples).values()
    assert sorted(check for case in documents for check in case.reasons) == sorted(OF_FILES)


def test_a_correct_submission_gets_all_points_both_times(reports, failed):
    one, other = reports["right"], reports["right_again"]
    assert failed(one) == {}
    assert one.points == 100
    assert one.sha256 == other.sha256
    assert [(result.id, result.points) for result in one.results] == [
        (result.id, result.points) for result in other.results
    ]


@pytest.mark.parametrize("name", BROKEN)
def test_broken_parts_of_the_pipeline_cost_exactly_their_points(reports, breaks, samples, name, failed):
    broken, report = breaks.containers(samples)[name], reports[name.replace(" ", "_")]
    lost = dict.fromkeys(broken.reasons, "failed") | dict.fromkeys(broken.not_checked, NOT_CHECKED)
    assert failed(report) == lost
    assert report.points == 100 - broken.costs
    for check, reason in broken.reasons.items():
        assert reason in reason_of(report, check)


def test_a_file_copied_with_another_name_is_recognised(reports):
    hint = next(result.hint for result in reports["copied_names"].results if result.id == "copying.rows")
    assert "It was copied under another name, rows.csv" in hint


@pytest.mark.slow
@pytest.mark.parametrize("name", ["short", "incomplete"])
def test_broken_documents_cost_exactly_their_points(submit, breaks, samples, name, failed):
    whole, report = (
        evaluate(str(submit(changes)), load_rubric(), EvaluationOptions(run=False))
        for changes in ({}, breaks.documents(samples)[name].changes)
    )
    broken = breaks.documents(samples)[name]
    assert failed(report) == failed(whole) | dict.fromkeys(broken.reasons, "failed")
    assert report.points == whole.points - broken.costs
    for check, reason in broken.reasons.items():
        assert reason in reason_of(report, check)


def test_a_completely_evaluated_class_is_not_evaluated_again(reports, evaluate_class, capsys):
    out = evaluate_class()
    assert capsys.readouterr().out.count("done before") == len(reports)
    rows = (out / "overview.csv").read_text("utf-8").splitlines()
    assert len(rows) == 1 + len(reports)
    assert next(row for row in rows if row.startswith("copied_content")).startswith(
        "copied_content,91,100,100,10,10,15,17"
    )
