"""The marks of a tutor: points and comments in the place of what the evaluation found, and lateness."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.shown import Shown


@dataclass(frozen=True)
class Mark(Shown):
    """The mark of a tutor for a check or a line.

    Attributes:
        points: the points in the place of the automatic ones; None where these stay.
        comment: a comment for the student; empty where there is none.
    """

    points: float | None = None
    comment: str = ""


@dataclass(frozen=True)
class Late(Shown):
    """The deduction for lateness.

    Attributes:
        points: how many points are deducted.
        text: why, as a report shows it.
    """

    points: float
    text: str
