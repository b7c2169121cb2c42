"""Gradebooks: the columns that Moodle, Canvas, nbgrader and otter expect, and the points in them.

Where nbgrader or otter is installed, its own code reads the file as well; without it, the committed expectation holds.
"""

from __future__ import annotations

import csv
import importlib
import importlib.util
import io
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evaluation.cohort.attempts import Policy, count_attempts
from evaluation.cohort.cells import to_text
from evaluation.cohort.gradebooks.gradebook import make_gradebook
from evaluation.cohort.gradebooks.write import GRADEBOOKS, write_gradebooks
from evaluation.cohort.row import Row
from evaluation.cohort.student import Student
from evaluation.errors import NoSubmission
from evaluation.intake_failure import unopened_report
from evaluation.marks import Late, Mark
from evaluation.reports.wording import feedback
from evaluation.result import Line, Report
from evaluation.rubric import load_rubric

ANNA = Student("Anna Maria Öz", "4711", "anna", "anna@uni.example", 2)
TOML = """
name = "Task"
[[line]]
title = "Container 1 Build"
points = 10
[[line.check]]
id = "one"
title = "there is a compose file"
check = "file_exists"
path = "docker-compose.yml"
points = 10
[[line]]
title = "Ergänzung"
points = 10
[[line.check]]
id = "two"
title = "there is a text"
check = "file_exists"
path = "README.md"
points = 10
"""


@pytest.fixture(scope="module")
def rubric(tmp_path_factory):
    path = tmp_path_factory.mktemp("rubric") / "rubric.toml"
    path.write_text(TOML, "utf-8")
    return load_rubric(path)


@pytest.fixture(scope="module")
def marked(report) -> Report:
    """11 of 20 points: 8 and 4 for the lines after the tutor's marks, less 1 for lateness; all are decided."""
    build, documents = report.lines
    decided = tuple(replace(result, status="failed", points=0.0) for result in documents.results)
    lines = (
        Line(build.title, "", build.results, Mark(8, "well tried")),
        Line(documents.title, "", decided, Mark(4)),
    )
    return replace(report, lines=lines, late=Late(1, "one hour late"), comment="See me <soon>")


@pytest.fixture(scope="module")
def tables(marked, report, rubric):
    undecided = tuple(
        replace(result, undecided=True) if result.status == "not checked" else result
        for result in report.lines[1].results
    )
    open_report = replace(report, lines=(report.lines[0], replace(report.lines[1], results=undecided)))
    rows = (
        Row("anna", marked, student=ANNA),
        Row("ben", open_report, student=Student("=HYPERLINK(1)", "no number")),
        Row("cem", None, "cem.zip is damaged\nsecond line"),
        Row("anna-1", report, student=ANNA, counted=False),
    )
    book = make_gradebook(rows, rubric, "Task 06 (99)")
    return {file: list(csv.reader(io.StringIO(to_text(table(book))))) for file, table in GRADEBOOKS.items()}


def records(table):
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


@pytest.mark.parametrize("file", GRADEBOOKS)
def test_each_gradebook_has_points_for_each_line_a_comment_and_no_formula(tables, file):
    table = tables[file]
    assert len({len(row) for row in table}) == 1
    assert len(set(table[0])) == len(table[0]) and all(table[0])
    row = next(row for row in table if "anna" in row or "Anna Maria Öz" in row)
    assert {"8", "4"} <= set(row)
    assert any("Tutor (points 8 instead of 6.5): well tried" in cell for cell in row)
    assert any("one hour late" in cell for cell in row)
    assert not [cell for row in table for cell in row if cell[:1] in ("=", "+", "-", "@") and cell != "--"]


@pytest.mark.parametrize("file", GRADEBOOKS)
def test_an_attempt_that_does_not_count_is_in_no_gradebook(tables, file):
    assert not [row for row in tables[file] if "anna-1" in row]


def test_points_that_are_not_final_are_not_a_grade(tables):
    assert [row["Grade"] for row in records(tables["moodle.csv"])] == ["11", "", ""]
    assert [row["Task 06 (99)"] for row in records(tables["canvas.csv"])] == ["20", "11"]
    assert [row["score"] for row in records(tables["nbgrader.csv"])] == ["11", "", ""]
    assert [row["total_points_earned"] for row in records(tables["otter.csv"])] == ["20", "11", "", ""]
    grades = records(tables["grades.csv"])
    assert [(row["points"], row["of"], row["final"]) for row in grades] == [
        ("11", "20", "yes"),
        ("8", "11.5", "no"),
        ("", "", "no"),
    ]
    assert "Not final: 8 of 11.5 decided" in grades[1]["comment"]
    assert grades[2]["comment"] == "cem.zip is damaged; second line"


def test_moodle_finds_the_participant_and_markup_of_submissions_is_escaped(tables):
    first, second, _ = records(tables["moodle.csv"])
    assert (first["Identifier"], first["Full name"], first["Maximum grade"]) == (
        "Participant 4711",
        "Anna Maria Öz",
        "20",
    )
    assert second["Identifier"] == ""
    assert {"Identifier", "Grade", "Last modified (grade)", "Feedback comments"} <= set(first)
    assert "<br>" in first["Feedback comments"] and "See me &lt;soon&gt;" in first["Feedback comments"]
    assert "<script" not in first["Feedback comments"]


def test_canvas_accepts_the_header_and_one_assignment(tables):
    """Read by the rules of its importer: Section ends the student columns, computed columns are left out."""
    header, possible, *rows = tables["canvas.csv"]
    assert header[0] == "Student" and header[1] == "ID" and header[4] == "Section"
    assert "SIS User ID" in header[2] and "SIS Login ID" in header[3]
    computed = (
        "Current Points",
        "Current Grade",
        "Current Score",
        "Final Points",
        "Final Grade",
        "Final Score",
    )
    assert [name for name in header[5:] if not any(word in name for word in computed)] == ["Task 06 (99)"]
    assert "Points Possible" in possible[0] and possible[5] == "20"
    assert [row[1] for row in rows] == ["4711"]
    assert rows[0][3] == "anna"


def test_canvas_gets_no_row_that_would_delete_a_grade_or_change_the_possible_points(marked, rubric):
    rows = [
        Row("open", None, "damaged"),
        Row("Points Possible 3", marked, student=Student("Points Possible", "5")),
    ]
    table = GRADEBOOKS["canvas.csv"](make_gradebook(rows, rubric))
    assert [row[0] for row in table[1:]] == ["Points Possible", "Points_Possible"]


def test_no_moodle_cell_has_a_backslash_that_php_reads_as_an_escape(marked, rubric):
    """PHP's fgetcsv() does not end a cell at a quote that follows a backslash."""
    text = 'open("C:\\"), then'
    row = Row("a", replace(marked, comment=text), student=Student("Doe, Jane \\", "7", email="a\\@b"))
    table = GRADEBOOKS["moodle.csv"](make_gradebook([row], rubric))
    assert not [cell for line in table for cell in line if "\\" in cell]
    assert 'open("C:&#92;"), then' in records(table)[0]["Feedback comments"]
    assert records(table)[0]["Full name"] == "Doe, Jane /"


NBGRADER = [
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # from the packages, if they are installed
def test_nbgrader_has_the_columns_of_its_export_and_imports_the_students(tables, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # it runs alembic
    first = records(tables["nbgrader.csv"])[0]
    assert list(first)[: len(NBGRADER)] == NBGRADER
    assert (first["raw_score"], first["late_submission_penalty"], first["score"], first["max_score"]) == (
        "12",
        "1",
        "11",
        "20",
    )
    students = {
        row["id"]: (row["first_name"], row["last_name"], row["email"])
        for row in records(tables["nbgrader.csv"])
    }
    expected = {
        "anna": ("Anna Maria", "Öz", "anna@uni.example"),
        "no number": ("", "'=HYPERLINK(1)", ""),
        "cem": ("", "", ""),
    }
    assert students == expected
    if importlib.util.find_spec("nbgrader"):
        assert nbgrader_reads(tables["nbgrader.csv"], tmp_path) == (NBGRADER, expected)


def nbgrader_reads(table, folder):
    """Return the columns of nbgrader's own export, and the students of a database after its own import."""
    from nbgrader.api import Gradebook
    from nbgrader.apps.dbapp import DbStudentImportApp
    from nbgrader.plugins.export import CsvExportPlugin

    (folder / "nbgrader.csv").write_text(to_text(table), "utf-8")
    database = f"sqlite:///{folder}/gradebook.db"
    app = DbStudentImportApp()
    app.initialize(
        [
            f"--CourseDirectory.db_url={database}",
            f"--CourseDirectory.root={folder}",
            str(folder / "nbgrader.csv"),
        ]
    )
    app.start()
    with Gradebook(database) as book:
        students = {s.id: (s.first_name or "", s.last_name or "", s.email or "") for s in book.students}
        CsvExportPlugin(to=str(folder / "export.csv")).export(book)
    return (folder / "export.csv").read_text("utf-8").splitlines()[0].split(","), students


@pytest.mark.filterwarnings("ignore")  # from the packages, if they are installed
def test_otter_has_the_table_of_its_final_grades(tables):
    header, possible, *rows = tables["otter.csv"]
    assert header == [
        "file", "Container 1 Build", "Ergänzung", "total_points_earned", "percent_correct", "grading_status",
        "student_id", "comment",
    ]  # fmt: skip
    assert possible[:6] == ["points-per-question", "10", "10", "20", "1.0", "--"]
    assert rows[0][:7] == ["anna", "8", "4", "11", "0.55", "Completed", "anna"]
    assert [row[5] for row in rows[1:]] == ["Not final: 8 of 11.5 decided", "cem.zip is damaged"]
    if importlib.util.find_spec("otter"):
        assert otter_writes() == [header[:6], possible[:6]]


def otter_writes():
    """Return the columns and the first row that otter itself writes for two questions of 10 points."""
    pandas = importlib.import_module("pandas")
    utils = importlib.import_module("otter.grade.utils")

    class Graded:
        file, total, possible, percent, catastrophic_error = "anna", 12, 20, 0.6, None

        def has_catastrophic_failure(self):
            return False

        def to_dict(self):
            return {
                "Container 1 Build": {"score": 8, "possible": 10},
                "Ergänzung": {"score": 4, "possible": 10},
            }

    text = utils.merge_scores_to_df([Graded()]).to_csv(index=False)
    assert isinstance(pandas.read_csv(io.StringIO(text)), pandas.DataFrame)
    return list(csv.reader(io.StringIO(text)))[:2]


def test_the_files_are_written_beside_the_overview(marked, rubric, tmp_path):
    written = write_gradebooks(make_gradebook([Row("anna", marked)], rubric), tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in written) == [
        "gradebooks/canvas.csv", "gradebooks/grades.csv", "gradebooks/moodle.csv", "gradebooks/nbgrader.csv",
        "gradebooks/otter.csv",
    ]  # fmt: skip


def test_the_last_or_the_best_attempt_counts_with_its_history(report, marked):
    first, second = (
        Row("doe_1", marked, student=replace(ANNA, attempt=1)),
        Row("doe_1-1", report, student=ANNA),
    )
    third = replace(
        second, earlier=((replace(marked, started="2026-01-01"), "doe_1-1/earlier/x/report.html"),)
    )
    last = count_attempts([second, first], Policy.LAST)
    assert [(row.name, row.counted) for row in last] == [("doe_1-1", True), ("doe_1", False)]
    assert [(attempt.total, attempt.counted) for attempt in last[0].attempts] == [
        ("11 of 20", False),
        ("8 of 20", True),
    ]
    best = count_attempts([second, first], Policy.BEST)
    assert [row.counted for row in best] == [False, True]
    (alone,) = count_attempts([replace(third, student=Student())], Policy.BEST)
    assert alone.report.awarded == 11 and alone.page == "doe_1-1/earlier/x/report.html"
    assert [row.attempts for row in count_attempts([Row("x", report), Row("y", report)], Policy.BEST)] == [
        (),
        (),
    ]


def test_a_student_whose_attempts_cannot_be_opened_has_one_row(report):
    rows = [Row("a", None, "damaged", ANNA), Row("b", None, "damaged", ANNA)]
    assert [row.counted for row in count_attempts(rows, Policy.BEST)] == [False, True]
    damaged = replace(report, error="damaged", lines=())
    rows = [Row("a", report, student=ANNA), Row("b", damaged, "damaged", ANNA)]
    assert [row.counted for row in count_attempts(rows, Policy.BEST)] == [True, False]
    assert [row.counted for row in count_attempts(rows, Policy.LAST)] == [False, True]


def test_the_comment_on_a_submission_that_cannot_be_opened_has_the_reason(rubric):
    error = NoSubmission("work.zip is empty (0 bytes)", hint="Submit a folder.")
    report = unopened_report("work.zip", rubric, error, datetime.now(UTC), 0.1)
    assert "Do this first: work.zip is empty (0 bytes). Submit a folder." in feedback(report)
