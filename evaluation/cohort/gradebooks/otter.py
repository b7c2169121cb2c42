"""The table ``final_grades.csv`` of ``otter grade``, followed by the student's id and the comment."""

from __future__ import annotations

from evaluation.cohort.cells import cell
from evaluation.cohort.gradebooks.gradebook import Gradebook, comment, grade, identity
from evaluation.cohort.row import Row
from evaluation.result import show

FILE = "otter.csv"
# Otter's placeholder for the file name in the row with the possible points.
_POSSIBLE = "points-per-question"


def table(book: Gradebook) -> list[list[str]]:
    """Return the column names, the possible points, and a row for each student; lines are in otter's order."""
    order = sorted(range(len(book.titles)), key=lambda number: book.titles[number])
    totals = ["total_points_earned", "percent_correct", "grading_status", "student_id", "comment"]
    header = ["file", *(cell(book.titles[number]) for number in order), *totals]
    possible = [
        _POSSIBLE,
        *(show(book.points[number]) for number in order),
        show(book.maximum),
        "1.0",
        "--",
        "",
        "",
    ]
    rows = sorted(book.rows, key=lambda row: row.name)
    return [header, possible, *(_row(book, row, order) for row in rows)]


def _row(book: Gradebook, row: Row, order: list[int]) -> list[str]:
    report = row.report
    lines = book.lines(report)
    share = f"{report.awarded / book.maximum:.6g}" if report and row.is_final and book.maximum else ""
    status = "Completed" if row.is_final else f"Not final: {report.total_text}" if report else "Not evaluated"
    return [
        cell(row.name), *(lines[number] for number in order), grade(row), share,
        cell(row.reason.splitlines()[0] if row.reason else status), cell(identity(row)), comment(row),
    ]  # fmt: skip
