"""Every counted submission with points for each line and comments, for spreadsheets and other systems."""

from __future__ import annotations

from evaluation.cohort.cells import cell
from evaluation.cohort.gradebooks.gradebook import Gradebook, comment
from evaluation.cohort.row import Row
from evaluation.result import show

FILE = "grades.csv"
_COLUMNS = [
    "submission",
    "id",
    "name",
    "login",
    "email",
    "attempt",
    "points",
    "of",
    "final",
    "late",
    "late_points",
]


def table(book: Gradebook) -> list[list[str]]:
    """Return a row for each student, with points even where they are not final."""
    header = [*_COLUMNS, *map(cell, book.titles), "comment", "sha256"]
    return [header, *(_row(book, row) for row in book.rows)]


def _row(book: Gradebook, row: Row) -> list[str]:
    report, student = row.report, row.student
    points = (
        [show(report.awarded), show(report.decided if report.undecided else report.of)]
        if report
        else ["", ""]
    )
    late = ["yes" if student.late else "", show(report.late.points) if report and report.late else ""]
    return [
        *map(cell, (row.name, student.id, student.name, student.login, student.email)),
        str(student.attempt or ""), *points, "yes" if row.is_final else "no", *late,
        *book.lines(report), comment(row), report.sha256 if report else "",
    ]  # fmt: skip
