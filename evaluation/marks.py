"""A tutor's marks: points and comments that override what the evaluation found, and deductions for lateness."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.printable_record import PrintableRecord


@dataclass(frozen=True)
class Mark(PrintableRecord):
    """A tutor's mark for a check or a line.

    Attributes:
        points: the points that replace the automatic ones; None to keep those.
        comment: a comment for the student; empty for none.
    """

    points: float | None = None
    comment: str = ""


@dataclass(frozen=True)
class Late(PrintableRecord):
    """The deduction for lateness.

    Attributes:
        points: the number of points that are deducted.
        text: the reason, as shown in a report.
    """

    points: float
    text: str
