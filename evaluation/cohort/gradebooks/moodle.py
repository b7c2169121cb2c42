"""Moodle's offline grading worksheet, uploaded on an assignment's page with "Upload grading worksheet".

No cell contains a backslash: PHP interprets a backslash before a quote as part of the cell, which then does not end
there, and Moodle rejects the whole file. Moodle finds a student by the number in ``Participant 123``, reads an empty
grade as no grade, reads comments as HTML, and ignores unknown columns. The column names are those of the English
interface.
"""

from __future__ import annotations

import html

from evaluation.cohort.cells import cell
from evaluation.cohort.gradebooks.gradebook import Gradebook, comment, digits, grade
from evaluation.cohort.row import Row
from evaluation.result import show

FILE = "moodle.csv"
_COLUMNS = [
    "Identifier", "Full name", "Email address", "Grade", "Maximum grade", "Last modified (grade)",
    "Feedback comments",
]  # fmt: skip


def table(book: Gradebook) -> list[list[str]]:
    """Return a row for each student."""
    return [
        [*_COLUMNS, *(_plain(f"Line: {title}") for title in book.titles)],
        *(_row(book, row) for row in book.rows),
    ]


def _row(book: Gradebook, row: Row) -> list[str]:
    number = digits(row.student.id)
    text = html.escape(comment(row), quote=False).replace(" | ", "<br>").replace("\\", "&#92;")
    return [
        f"Participant {number}" if number else "", _plain(row.student.name or row.name), _plain(row.student.email),
        grade(row), show(book.maximum), "", text, *book.lines(row.report),
    ]  # fmt: skip


def _plain(text: str) -> str:
    """Return a cell without HTML and without backslashes."""
    return cell(text).replace("\\", "/")
