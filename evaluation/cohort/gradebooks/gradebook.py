"""The data that every gradebook is written from."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluation.cohort.cells import cell, one_line
from evaluation.cohort.row import Row
from evaluation.reports.wording import feedback
from evaluation.result import Report, show
from evaluation.rubric import Rubric

_LONGEST_COMMENT = 5000


@dataclass(frozen=True)
class Gradebook:
    """The counted submissions of a class.

    Attributes:
        rows: one for each student.
        assignment: the name of the assignment in the gradebook.
        titles: the titles of the rubric's lines.
        points: the maximum points of each line.
        maximum: the maximum points of all lines.
    """

    rows: tuple[Row, ...]
    assignment: str
    titles: tuple[str, ...]
    points: tuple[float, ...]
    maximum: float

    def lines(self, report: Report | None) -> list[str]:
        """Return the points of each line; empty if there is no report.

        Args:
            report: the report of a row.
        """
        points = {line.title: show(line.awarded) for line in report.lines} if report else {}
        return [points.get(title, "") for title in self.titles]


Table = Callable[[Gradebook], list[list[str]]]


def make_gradebook(rows: Sequence[Row], rubric: Rubric, assignment: str = "") -> Gradebook:
    """Return the gradebook of a class, without the attempts that do not count.

    Args:
        rows: one for each submission.
        rubric: the checks and their points.
        assignment: the name of the assignment; empty for the name of the rubric.
    """
    counted = tuple(row for row in rows if row.counted)
    titles = tuple(line.title for line in rubric.lines)
    points = tuple(sum(item.points for item in line.items) for line in rubric.lines)
    return Gradebook(counted, assignment or rubric.name, titles, points, sum(points))


def grade(row: Row) -> str:
    """Return the points of a row; empty while not final, so that partial points are never imported as a grade."""
    return show(row.report.awarded) if row.report is not None and row.is_final else ""


def comment(row: Row) -> str:
    """Return the feedback for a student in one line."""
    text = one_line(row.error) if row.report is None else feedback(row.report, _LONGEST_COMMENT)
    return cell(" | ".join(line.strip() for line in text.splitlines()), _LONGEST_COMMENT + 500)


def names(row: Row) -> tuple[str, str]:
    """Return the first and the last name of a student, split from ``First Last`` or ``Last, First``."""
    last, comma, first = row.student.name.partition(",")
    if not comma:
        first, _, last = row.student.name.rpartition(" ")
    return first.strip(), last.strip()


def identity(row: Row) -> str:
    """Return an identifier of a student: account, number, email address, name, or else the submission's name."""
    student = row.student
    return student.login or student.id or student.email or student.name or row.name


def digits(text: str) -> str:
    """Return a platform's number for a student; empty if the string is not a number."""
    return text if re.fullmatch(r"[0-9]{1,20}", text) else ""
