"""Every check of the task's rubric: where exactly its part is broken, exactly its points are lost.

The submissions that need an engine are evaluated as a class, some at a time, which is what a tutor does with them.
"""

from __future__ import annotations

import json

import pytest

from pipeline import parser
from pipeline.cli import execute
from pipeline.evaluation.evaluation import Conditions, evaluate
from pipeline.evaluation.result import NOT_CHECKED, from_json
from pipeline.evaluation.rubric import load_rubric
from pipeline.layout import Layout

ITEMS = [item.id for item in load_rubric().items]
DOCUMENTS = ("readme", "discussion")
OF_FILES = [name for name in ITEMS if name.partition(".")[0] in DOCUMENTS]
OF_CONTAINERS = [name for name in ITEMS if name not in OF_FILES]
AT_A_TIME = 3


def what_was_lost(report):
    return {result.id: result.status for result in report.results if result.status != "passed"}


def reason_of(report, name):
    return next(result.reason for result in report.results if result.id == name)


def test_there_is_a_breaking_case_for_every_check(breaks, samples):
    assert list(breaks.containers(samples)) and set(breaks.containers(samples)) == set(OF_CONTAINERS)
    assert set(breaks.documents(samples)) == set(OF_FILES)


@pytest.fixture(scope="session")
def class_folder(tmp_path_factory, samples, breaks):
    """A right submission twice, and one for each check with exactly that part broken."""
    folder = tmp_path_factory.mktemp("class")
    right = {breaks.COMPOSE: samples.WAITING_COMPOSE}
    samples.write_sample(folder / "right", right)
    samples.write_sample(folder / "right again", right)
    for name, broken in breaks.containers(samples).items():
        samples.write_sample(folder / name, right | dict(broken.changes))
    return folder


@pytest.fixture(scope="session")
def evaluate_class(class_folder, tmp_path_factory):
    """Evaluates the class with the command of a tutor; gives the folder of its reports."""
    out = tmp_path_factory.mktemp("reports")
    words = ["evaluate", "--class-list", str(class_folder), "--output", str(out), "--jobs", str(AT_A_TIME)]

    def run():
        status = execute(parser.parse(words), Layout(out.parent))
        assert status == 0
        return out

    return run


@pytest.fixture(scope="session")
def reports(warm, evaluate_class, nothing_left):
    with nothing_left():
        out = evaluate_class()
    return {
        path.parent.name: from_json(json.loads(path.read_text("utf-8"))) for path in out.glob("*/report.json")
    }


def test_the_right_one_has_all_points_and_twice_the_same(reports):
    one, other = reports["right"], reports["right_again"]
    assert what_was_lost(one) == {}
    assert one.points == 100
    assert one.sha256 == other.sha256
    assert [(result.id, result.points) for result in one.results] == [
        (result.id, result.points) for result in other.results
    ]


@pytest.mark.parametrize("name", OF_CONTAINERS)
def test_a_broken_part_of_the_pipeline_costs_exactly_its_points(reports, breaks, samples, name):
    broken, report = breaks.containers(samples)[name], reports[name]
    assert what_was_lost(report) == {name: "failed"} | dict.fromkeys(broken.not_checked, NOT_CHECKED)
    assert report.points == 100 - broken.costs
    assert broken.reason in reason_of(report, name)


def test_a_file_that_was_copied_under_another_name_is_recognised(reports):
    hint = next(result.hint for result in reports["copying.rows"].results if result.id == "copying.rows")
    assert "It was copied under another name, rows.csv" in hint


@pytest.mark.parametrize("name", OF_FILES)
def test_a_broken_document_costs_exactly_its_points(submit, breaks, samples, name):
    broken = breaks.documents(samples)[name]
    whole, report = (
        evaluate(str(submit(changes)), load_rubric(), Conditions(run=False))
        for changes in ({}, broken.changes)
    )
    lost = {name: "failed"} | dict.fromkeys(broken.not_checked, NOT_CHECKED)
    assert what_was_lost(report) == what_was_lost(whole) | lost
    assert report.points == whole.points - broken.costs
    assert broken.reason in reason_of(report, name)


def test_a_class_that_is_finished_is_not_evaluated_again(reports, evaluate_class, capsys):
    out = evaluate_class()
    assert capsys.readouterr().out.count("done before") == len(reports) == len(OF_CONTAINERS) + 2
    rows = (out / "overview.csv").read_text("utf-8").splitlines()
    assert len(rows) == 1 + len(reports)
    assert next(row for row in rows if row.startswith("compose.status")).startswith(
        "compose.status,97,100,10,10,15,17"
    )
