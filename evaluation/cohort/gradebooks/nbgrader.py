"""The table that ``nbgrader export`` writes, followed by the student's id, the lines and the comment.

Because of the column ``id``, ``nbgrader db student import`` takes the same file.
"""

from __future__ import annotations

from evaluation.cohort.cells import cell
from evaluation.cohort.gradebooks.gradebook import Gradebook, comment, grade, identity, names
from evaluation.cohort.row import Row
from evaluation.result import show

FILE = "nbgrader.csv"
_COLUMNS = [
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
]  # fmt: skip


def table(book: Gradebook) -> list[list[str]]:
    """Return a row for each student."""
    header = [*_COLUMNS, "id", *(cell(f"line {title}") for title in book.titles), "comment"]
    return [header, *(_row(book, row) for row in book.rows)]


def _row(book: Gradebook, row: Row) -> list[str]:
    report = row.report
    first, last = names(row)
    raw = show(sum(line.awarded for line in report.lines)) if report and row.is_final else ""
    late = show(report.late.points if report.late else 0) if report else ""
    student = cell(identity(row))
    return [
        cell(book.assignment), "", "", student, cell(last), cell(first), cell(row.student.email),
        raw, late, grade(row), show(book.maximum), student, *book.lines(report), comment(row),
    ]  # fmt: skip
