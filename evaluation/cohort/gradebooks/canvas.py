"""Canvas's gradebook import: the columns of its own export, then the assignment.

Canvas ignores columns whose name contains ``Current Points`` or ``Current Grade``: they are computed ones in its own
export. So the file can contain the lines and the comment without turning them into assignments. An empty cell deletes
the grade that a student has, so only students with final points have a row; and a row whose name contains ``Points
Possible`` is not a student's row.
"""

from __future__ import annotations

from evaluation.cohort.cells import cell
from evaluation.cohort.gradebooks.gradebook import Gradebook, comment, digits, grade
from evaluation.cohort.row import Row
from evaluation.result import show

FILE = "canvas.csv"
_POSSIBLE = "Points Possible"
_STUDENT = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]


def table(book: Gradebook) -> list[list[str]]:
    """Return the column names, the possible points, and a row for each student."""
    lines = [cell(f"{title} (Current Points)") for title in book.titles]
    header = [*_STUDENT, cell(book.assignment), *lines, "Comment (Current Grade)"]
    possible = [_POSSIBLE, "", "", "", "", show(book.maximum), *["(read only)"] * (len(lines) + 1)]
    return [header, possible, *(_row(book, row) for row in book.rows if row.is_final)]


def _row(book: Gradebook, row: Row) -> list[str]:
    student = row.student
    name = (student.name or row.name).replace(_POSSIBLE, _POSSIBLE.replace(" ", "_"))
    return [
        cell(name), digits(student.id), "", cell(student.login), "",
        grade(row), *book.lines(row.report), comment(row),
    ]  # fmt: skip
