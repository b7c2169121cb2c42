"""The tutor's notes: points, comments and lateness that survive another evaluation."""

from __future__ import annotations

import json

import pytest

from evaluation.errors import TutorError
from evaluation.marks import Late, Mark
from evaluation.result import Line, Report, Result
from evaluation.tutor.apply import apply_notes, template, with_notes
from evaluation.tutor.notes import TutorNotes, read_notes


def result(name, points, of):
    return Result(name, f"{name} holds", "passed" if points else "failed", points, of)


REPORT = Report(
    "anna", "anna.zip", "zip", "ab", 1, 1, "Task", "cd",
    (
        Line("Container 1", "", (result("c1.builds", 5, 5), result("c1.shows", 0, 5))),
        Line('Read "me"', "", (result("readme", 0, 10),)),
    ),
)  # fmt: skip
NOTES = """
comment = "Well done."
[late]
percent = 10
days = 2
[check."c1.shows"]
points = 3.5
comment = "It prints them with a header."
[line.'Read "me"']
points = 8
"""


ONE_FILE = """
name = "Task"
[[line]]
title = "Documents"
points = 4
[[line.check]]
id = "readme"
title = "There is a README"
check = "file_exists"
path = "README.md"
points = 4
"""


def written(tmp_path, text):
    path = tmp_path / "tutor.toml"
    path.write_text(text, "utf-8")
    return path


def test_notes_replace_points_and_deduct_for_lateness(tmp_path):
    notes = read_notes(written(tmp_path, NOTES), REPORT)
    assert notes == TutorNotes(
        "Well done.",
        Late(4.0, "2 days, 10 % of the 20 points for each"),
        {'Read "me"': Mark(8.0)},
        {"c1.shows": Mark(3.5, "It prints them with a header.")},
    )
    report = apply_notes(REPORT, notes)
    assert (report.points, report.awarded, report.total_text) == (5, 12.5, "12.5 of 20")
    assert apply_notes(report, TutorNotes()) == REPORT


def test_the_template_changes_nothing_and_is_written_once(tmp_path):
    assert with_notes(REPORT, tmp_path) == REPORT
    path = tmp_path / "tutor.toml"
    assert path.read_text("utf-8") == template(REPORT)
    path.write_text(NOTES, "utf-8")
    assert with_notes(REPORT, tmp_path).awarded == 12.5
    assert path.read_text("utf-8") == NOTES


def test_every_line_of_the_template_can_be_used(tmp_path):
    text = template(REPORT).replace('# [line."Container 1"]\n# points =', '[line."Container 1"]\npoints = 9')
    text = text.replace('# [check."readme"] #', '[check."readme"]\npoints = 1 #').replace(
        "# [late]", "[late]"
    )
    text = text.replace("# percent = 10", "percent = 10")
    notes = read_notes(written(tmp_path, text), REPORT)
    assert (notes.lines, notes.checks) == ({"Container 1": Mark(9.0)}, {"readme": Mark(1.0)})
    assert notes.late == Late(2.0, "10 % of the 20 points")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("coment = 'x'", "`coment`: unknown key; expected one of: comment, late, line, check"),
        (
            "[check.'c1.show']\npoints = 1",
            "the rubric has no such check; it has: c1.builds, c1.shows, readme",
        ),
        ("[line.'Container 1']\npoints = 11", "11 is more than the 10 points of this line"),
        ("[line.'Container 1']\npoints = -1", "-1 is not a number from 0 to"),
        ("[line.'Container 1']\npoints = nan", "nan is not a number"),
        ("[line.'Container 1']\npoints = '3'", "'3' is not a number"),
        ("[line.'Container 1']\npoint = 3", "unknown key; expected one of: points, comment"),
        ("[late]\npercent = 3\npoints = 2", "specify either points or percent"),
        ("late = 3", "`late`: 3 is not a table"),
        ("comment = Well done", "Invalid value"),
    ],
)
def test_invalid_notes_are_an_error(tmp_path, text, error):
    with pytest.raises(TutorError) as raised:
        read_notes(written(tmp_path, text), REPORT)
    assert error in str(raised.value)


@pytest.mark.slow
def test_a_second_evaluation_and_reports_only_keep_the_notes(drive, submit, tmp_path):
    folder = submit()
    assert drive(folder, "--no-run")[0] == 0
    reports = tmp_path / "output" / "evaluation" / folder.name
    before = json.loads((reports / "report.json").read_text("utf-8"))["awarded"]
    (reports / "tutor.toml").write_text(
        "[line.'Discussion Answers']\npoints = 4\ncomment = 'Too short.'\n", "utf-8"
    )
    status, out, _ = drive("--reports-only")
    assert (status, f"{before - 6:g} of 32 decided" in out) == (0, True)
    assert "Too short." in (reports / "report.html").read_text("utf-8")
    assert "Too short." in (reports / "report.md").read_text("utf-8")
    assert drive(folder, "--no-run")[0] == 0
    report = json.loads((reports / "report.json").read_text("utf-8"))
    assert (report["points"], report["awarded"]) == (before, before - 6)
    assert "[line.'Discussion Answers']" in (reports / "tutor.toml").read_text("utf-8")


@pytest.mark.slow
def test_invalid_notes_end_with_status_65_and_keep_the_report(drive, submit, tmp_path):
    folder = submit()
    reports = tmp_path / "output" / "evaluation" / folder.name
    reports.mkdir(parents=True)
    (reports / "tutor.toml").write_text("points = 3\n", "utf-8")
    status, _, err = drive(folder, "--no-run")
    assert (status, "unknown key" in err, (reports / "report.html").exists()) == (65, True, True)
    assert drive("--reports-only", folder)[0] == 65
    assert drive("--reports-only", "nobody")[0] == 66


@pytest.mark.slow
def test_the_reports_of_a_class_are_rewritten_without_another_evaluation(drive, submit, tmp_path):
    class_folder = tmp_path / "class"
    submit().rename(class_folder / "anna") if class_folder.mkdir() is None else None
    assert drive("--class-list", class_folder, "--no-run")[0] == 0
    reports = tmp_path / "output" / "evaluation"
    (reports / "anna" / "tutor.toml").write_text("[late]\npoints = 5\n", "utf-8")
    (class_folder / "bert").mkdir()
    status, _, _ = drive("--class-list", class_folder, "--no-run", "--reports-only")
    assert status == 0
    assert "there is no report yet" in (reports / "overview.csv").read_text("utf-8")
    report = json.loads((reports / "anna" / "report.json").read_text("utf-8"))
    assert report["awarded"] == report["points"] - 5


@pytest.mark.slow
def test_a_submission_with_invalid_notes_is_in_no_gradebook(drive, submit, tmp_path):
    class_folder = tmp_path / "class"
    class_folder.mkdir()
    submit({"README.md": "a text"}).rename(class_folder / "anna")
    rubric = tmp_path / "rubric.toml"
    rubric.write_text(ONE_FILE, "utf-8")
    words = ("--class-list", class_folder, "--no-run", "--rubric", rubric)
    gradebooks = tmp_path / "output" / "evaluation" / "gradebooks"

    assert drive(*words)[0] == 0
    assert "anna,,,,,4,4," in (gradebooks / "canvas.csv").read_text("utf-8")
    (tmp_path / "output" / "evaluation" / "anna" / "tutor.toml").write_text(
        "[check.readmy]\npoints = 1\n", "utf-8"
    )
    status, _, printed = drive(*words)

    assert status == 65
    assert "the rubric has no such check; it has: readme" in printed
    assert "anna" not in (gradebooks / "canvas.csv").read_text("utf-8")
    assert ",4,4,no," in (gradebooks / "grades.csv").read_text("utf-8")
