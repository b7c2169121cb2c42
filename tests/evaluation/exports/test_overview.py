"""The overview of a class: attempts, hints and the answer key; the page also works without its script."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import InputMissing
from evaluation.cohort.answer_key import describe, key_entry, lost_by
from evaluation.cohort.attempts import Policy
from evaluation.cohort.entry import Entry
from evaluation.cohort.history import keep_report
from evaluation.cohort.members import members_in
from evaluation.cohort.overview import to_csv, to_page
from evaluation.cohort.row import Row
from evaluation.cohort.student import Student
from evaluation.cohort.summary import ClassSummary, summarize
from evaluation.reports.export import write
from evaluation.rubric import load_rubric


@pytest.fixture
def entry(tmp_path, report):
    """Return a function that creates a finished submission of a class."""

    def finished(name, student="", **changes):
        own = replace(report, submission=name, sha256=name, **changes)
        return Entry(name, Path(name), tmp_path / name, Student(id=student), report=own)

    return finished


def table_of(page):
    return page[page.index("<tbody>", page.index('class="class sortable"')) :]


def test_the_page_runs_only_its_own_script_and_works_without_it(entry):
    page = to_page(summarize([entry("anna"), entry("ben")], None, Policy.LAST), load_rubric())
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page and "default-src 'none'" in page
    assert not re.search(r"fetch|XMLHttpRequest|https?:|import\(|src=", script)
    assert '<form class="filter" hidden>' in page, "without the script there is no control that does nothing"
    assert table_of(page).count("<tr") == 2 and table_of(page).count(">8</b>") == 2


def test_rows_have_the_data_by_which_the_script_sorts_and_filters(entry, report):
    undecided = tuple(
        replace(line, results=tuple(replace(r, undecided=r.status == "not checked") for r in line.results))
        for line in report.lines
    )
    rows = [
        *summarize(
            [entry("anna"), entry("ben", lines=undecided), entry("cem", error="damaged")], None, Policy.LAST
        ).rows,
        Row("dan", None, "it is a link"),
        Row("eve", report, counted=False),
    ]
    table = table_of(to_page(ClassSummary(tuple(rows)), load_rubric()))
    assert re.findall(r'data-state="([^"]*)"', table) == [
        "evaluated", "not decided", "not evaluated", "not evaluated", "not counted",
    ]  # fmt: skip
    assert 'data-value="6.5" data-of="10.0"' in table
    assert "8 of 11.5 decided" in re.sub(r"<[^>]*>", "", table)
    assert "it is a link" in table and "another attempt counts" in table


def test_a_late_submission_is_marked_in_the_page_and_in_its_notes_and_costs_nothing(entry):
    late = replace(entry("anna"), student=Student(id="7", late=True))
    late.add_notes()
    table = table_of(to_page(summarize([late, entry("ben")], None, Policy.LAST), load_rubric()))

    assert table.count("handed in late") == 1 and 'data-marks=" late"' in table
    notes = (late.folder / "tutor.toml").read_text("utf-8")
    assert "# The class export marks this submission as late." in notes
    assert late.report.late is None and late.report.awarded == 8


def test_the_figures_show_how_many_points_are_not_final(entry):
    whole, part = entry("anna"), entry("ben", interrupted=True)
    page = to_page(summarize([whole, part], None, Policy.LAST), load_rubric())
    assert "of 20 · 1 not final" in page


def test_the_most_frequent_failures_are_counted_among_opened_submissions(entry):
    page = to_page(
        summarize([entry("anna"), entry("ben", error="damaged")], None, Policy.LAST), load_rubric()
    )
    assert "2 submissions, 1 evaluated, 1 could not be opened" in page
    assert "1 of 1" in page and "of 2</td>" not in page


def test_all_attempts_are_shown_and_only_the_counted_one_is_in_the_figures(entry):
    first = entry("doe_7", "7")
    second = replace(entry("doe_7-1", "7", lines=()), student=Student(id="7", attempt=2))
    summary = summarize([first, second], None, Policy.BEST)
    page = to_page(summary, load_rubric())
    assert "2 attempts" in page and "counts" in page
    assert "2 submissions, 1 evaluated" in page and "mean 8.0" in page
    lines = to_csv(summary.rows, load_rubric()).splitlines()
    assert lines[1].endswith(",7,,yes,8 of 20 > 0 of 0,") and ",no," in lines[2]


def test_a_changed_submission_keeps_its_earlier_report(entry, report):
    again = entry("anna")
    write(
        replace(again.report, sha256="old", started="2026-01-01T10:00:00+00:00"),
        again.folder,
        ("json", "html"),
    )
    keep_report(again.folder)
    write(again.report, again.folder, ("json",))
    (earlier,) = again.row().earlier
    assert (earlier[0].sha256, earlier[1]) == ("old", "anna/earlier/20260101T100000/report.html")
    write(replace(again.report, started="2026-01-02T10:00:00+00:00"), again.folder, ("json",))
    keep_report(again.folder)
    assert len(again.row().earlier) == 1, "the same files evaluated again are no attempt"
    again.report = replace(again.report, rubric_sha256="another")
    assert again.row().earlier == (), "points by another rubric are not compared"


def test_identical_submissions_are_marked_in_page_and_table(entry):
    entries = [entry(f"s{number}", f"{number}") for number in range(5)]
    for one in entries[:4]:
        one.report = replace(one.report, sha256="same")
    summary = summarize(entries, None, Policy.LAST)
    page = to_page(summary, load_rubric())
    assert "the same submission" in page and "A hint, not a finding" in page
    assert table_of(page).count("the same submission: 3 others") == 4
    assert '"the same submission (s1, s2, s3)"' in to_csv(summary.rows, load_rubric())


def test_the_answer_key_is_compared_and_its_failed_checks_are_reported(entry, tmp_path):
    key, copied = entry("answer_key"), entry("anna")
    copied.report = replace(copied.report, sha256="answer_key")
    summary = summarize([copied], key, Policy.LAST)
    assert summary.key_lost == ("c1.holds", "answers")
    page = to_page(summary, load_rubric())
    assert '<div class="notice">' in page and "The answer key itself gets 8 of 20 points" in page
    assert "c1.holds (3.5): c1.holds holds" in page
    assert [hint.text for hint in summary.rows[0].similar] == ["the same submission (answer_key)"]
    with pytest.raises(InputMissing, match="does not exist"):
        key_entry(tmp_path / "nowhere", tmp_path)


def test_an_answer_key_with_all_decided_points_is_correct(entry, report):
    passed = replace(report.lines[0], results=report.lines[0].results[:1])
    open_ = replace(report.lines[1], results=(replace(report.lines[1].results[1], undecided=True),))
    key = entry("answer_key", lines=(passed, open_))
    assert lost_by(key.report) == ()
    assert describe(key) == "The answer key gets 5 of 5 decided points."


def test_archives_with_different_numbers_are_attempts_of_one_student(tmp_path):
    for name in ("doejane_101_555_task.zip", "doejane_101_556_task-1.zip", "roe_LATE_102_557_task.zip"):
        (tmp_path / name).write_bytes(b"PK\x05\x06" + bytes(18))
    members = {member.name: member for member in members_in(tmp_path)}
    attempts = sorted(member.student.attempt for member in members.values() if member.student.id == "101")
    assert len(members) == 3 and len(set(attempts)) == 2
    assert next(member for member in members.values() if member.student.id == "102").student.late
