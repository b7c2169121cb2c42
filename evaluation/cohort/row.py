"""One submission of a class, as the overview and the gradebooks show it."""

from __future__ import annotations

from dataclasses import dataclass, field

from evaluation.cohort.student import Student
from evaluation.result import Report
from evaluation.similarity.groups import Hint


@dataclass(frozen=True)
class Attempt:
    """One attempt of a student.

    Attributes:
        name: the name of the submission.
        started: the time of its evaluation, ISO 8601 in UTC.
        sha256: the SHA-256 of its files.
        total: its points, as reports show them.
        page: the path of its report, relative to the overview; empty if there is none.
        counted: whether this attempt counts.
    """

    name: str
    started: str
    sha256: str
    total: str
    page: str
    counted: bool = False


@dataclass(frozen=True)
class Row:
    """One submission of a class.

    Attributes:
        name: its name, which is also the name of its report folder.
        report: the report that counts; None if there is none.
        error: why it could not be evaluated.
        student: the student, as far as the class export says.
        earlier: the reports of earlier attempts under the same name, the first one first, with their pages.
        attempts: all attempts of its student, in order; empty if this is the only one.
        counted: whether it counts, rather than another attempt of its student.
        similar: its similarities with other submissions; only a hint.
        unused_notes: whether the notes of the tutor cannot be used; `error` says why.
    """

    name: str
    report: Report | None
    error: str = ""
    student: Student = field(default_factory=Student)
    earlier: tuple[tuple[Report, str], ...] = ()
    attempts: tuple[Attempt, ...] = ()
    counted: bool = True
    similar: tuple[Hint, ...] = ()
    unused_notes: bool = False

    @property
    def is_final(self) -> bool:
        """Whether the points may go into a gradebook: everything was decided, the notes of the tutor included."""
        report = self.report
        return report is not None and not (report.undecided or report.interrupted or self.unused_notes)

    @property
    def page(self) -> str:
        """The page of the report that counts, relative to the overview."""
        return next(
            (attempt.page for attempt in self.attempts if attempt.counted and attempt.page), self.own_page
        )

    @property
    def own_page(self) -> str:
        """The page of its latest report, relative to the overview; empty if there is none."""
        return f"{self.name}/report.html" if self.report else ""

    @property
    def reason(self) -> str:
        """Why nothing could be evaluated; empty if something was."""
        return self.error or (self.report.error if self.report else "")
