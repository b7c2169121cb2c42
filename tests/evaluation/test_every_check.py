"""Every check of the task's rubric: a submission that breaks exactly this check loses exactly its points."""

from __future__ import annotations

import pytest

from evaluation.evaluate import Conditions, evaluate
from evaluation.rubric import load_rubric
from pipeline.check_status import NOT_CHECKED

ITEMS = [item.id for item in load_rubric().items]
DOCUMENTS = ("readme", "discussion")
OF_FILES = [name for name in ITEMS if name.partition(".")[0] in DOCUMENTS]
OF_CONTAINERS = [name for name in ITEMS if name not in OF_FILES]


def reason_of(report, name):
    return next(result.reason for result in report.results if result.id == name)


def test_there_is_a_breaking_case_for_every_check(breaks, samples):
    assert list(breaks.containers(samples)) and set(breaks.containers(samples)) == set(OF_CONTAINERS)
    assert set(breaks.documents(samples)) == set(OF_FILES)


def test_a_correct_submission_gets_all_points_both_times(reports, failed):
    one, other = reports["right"], reports["right_again"]
    assert failed(one) == {}
    assert one.points == 100
    assert one.sha256 == other.sha256
    assert [(result.id, result.points) for result in one.results] == [
        (result.id, result.points) for result in other.results
    ]


@pytest.mark.parametrize("name", OF_CONTAINERS)
def test_a_broken_part_of_the_pipeline_costs_exactly_its_points(reports, breaks, samples, name, failed):
    broken, report = breaks.containers(samples)[name], reports[name]
    assert failed(report) == {name: "failed"} | dict.fromkeys(broken.not_checked, NOT_CHECKED)
    assert report.points == 100 - broken.costs
    assert broken.reason in reason_of(report, name)


def test_a_file_copied_with_another_name_is_recognised(reports):
    hint = next(result.hint for result in reports["copying.rows"].results if result.id == "copying.rows")
    assert "It was copied under another name, rows.csv" in hint


@pytest.fixture(scope="module")
def whole(samples, tmp_path_factory):
    """Return the report of a correct submission, from the checks of files only."""
    folder = samples.write_sample(tmp_path_factory.mktemp("whole") / "submission")
    return evaluate(str(folder), load_rubric(), Conditions(run=False))


@pytest.mark.parametrize("name", OF_FILES)
def test_a_broken_document_costs_exactly_its_points(submit, breaks, samples, name, failed, whole):
    broken = breaks.documents(samples)[name]
    report = evaluate(str(submit(broken.changes)), load_rubric(), Conditions(run=False))
    lost = {name: "failed"} | dict.fromkeys(broken.not_checked, NOT_CHECKED)
    assert failed(report) == failed(whole) | lost
    assert report.points == whole.points - broken.costs
    assert broken.reason in reason_of(report, name)


def test_a_completely_evaluated_class_is_not_evaluated_again(reports, evaluate_class, capsys):
    out = evaluate_class()
    assert capsys.readouterr().out.count("done before") == len(reports)
    rows = (out / "overview.csv").read_text("utf-8").splitlines()
    assert len(rows) == 1 + len(reports)
    assert next(row for row in rows if row.startswith("compose.status")).startswith(
        "compose.status,97,100,10,10,15,17"
    )
