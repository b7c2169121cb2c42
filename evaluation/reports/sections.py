"""The sections of a report, in order: the headline, the causes with what to do, undecided checks, and advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from common.check_status import FAILED, PASSED
from evaluation.result import Cause, Finding, Line, Report, Result, in_points, show

# Maximum number of checks that are listed; more are summed up by line.
_MOST_CHECKS = 4
# Maximum number of rubric lines that the headline names.
_MOST_LINES = 4


@dataclass(frozen=True)
class Loss:
    """A check that did not pass.

    Attributes:
        result: the result of the check.
        line: the line of the rubric that the check belongs to.
    """

    result: Result
    line: Line

    @property
    def points(self) -> float:
        """The points that the check lost."""
        return self.result.of - self.result.points

    def __str__(self) -> str:
        text = f"{self.result.title} ({show(self.result.points)} of {show(self.result.of)})"
        return f"{text}, not deducted again" if self.result.excused else text


@dataclass(frozen=True)
class CauseSection:
    """A cause with the checks that did not pass because of it.

    Attributes:
        cause: the cause.
        own: the checks that failed because of it directly.
        following: the checks that did not pass only as a consequence.
    """

    cause: Cause
    own: tuple[Loss, ...]
    following: tuple[Loss, ...]

    @property
    def points(self) -> float:
        """The points that the cause costs."""
        return sum(loss.points for loss in (*self.own, *self.following))

    @property
    def cost(self) -> str:
        """The points that the cause costs, in words, and how many of them are consequences."""
        if not self.own and not self.following:
            return ""
        again = sum(loss.points for loss in self.following)
        text = f"-{show(self.points)} {'point' if self.points == 1 else 'points'}"
        return f"{text}, {show(again)} of them in checks that only follow" if again and self.own else text

    @property
    def command(self) -> str:
        """The command that failed; empty if there is none."""
        return next((one.text for one in self.cause.evidence if one.kind == "command"), "")

    def output(self, lines: int) -> str:
        """Return the last lines of the failing output; empty if there is none.

        Args:
            lines: the number of lines.
        """
        shown = [one.text for one in self.cause.evidence if one.kind in ("log", "note") and one.text.strip()]
        return "\n".join(shown[-1].splitlines()[-lines:]) if shown else ""


def losses_text(losses: Sequence[Loss]) -> str:
    """Return the lost checks with their points; if there are many, the lines with the points that each one lost.

    Args:
        losses: the lost checks.
    """
    if len(losses) <= _MOST_CHECKS:
        return "; ".join(map(str, losses))
    lines: dict[str, float] = {}
    for loss in losses:
        lines[loss.line.title] = lines.get(loss.line.title, 0.0) + loss.points
    listed = "; ".join(f"{title} (-{show(points)})" for title, points in lines.items())
    return f"{len(losses)} checks of {listed}"


def cause_sections(report: Report) -> list[CauseSection]:
    """Return the causes of a report, the most important first; a failed check without a cause is its own cause."""
    losses = {result.id: Loss(result, line) for line in report.lines for result in line.results}
    causes = list(report.causes)
    known = {name for cause in causes for name in cause.lost}
    causes += [
        Cause(loss.result.id, loss.result.reason, "", loss.result.hint, "", loss.result.evidence, (name,))
        for name, loss in losses.items()
        if loss.result.status == FAILED and name not in known
    ]
    return [_section(cause, losses) for cause in causes]


def _section(cause: Cause, losses: dict[str, Loss]) -> CauseSection:
    lost = [losses[name] for name in cause.lost if name in losses]
    return CauseSection(
        cause,
        tuple(loss for loss in lost if not loss.result.follows),
        tuple(loss for loss in lost if loss.result.follows),
    )


def headline(report: Report) -> str:
    """Return the lost points and the undecided checks, in one line."""
    lost = [result for result in report.results if result.status != PASSED and not result.undecided]
    points = sum(result.of - result.points for result in lost)
    parts = []
    if lost:
        faults = len([one for one in cause_sections(report) if one.points])
        by = f", by {faults} {'fault' if faults == 1 else 'faults'}" if faults else ""
        parts.append(f"{in_points(points)} lost in {_counted(len(lost), 'check')}{by}")
    elif not report.undecided:
        parts.append("nothing lost")
    for_tutor = [result for result in report.undecided if result.for_tutor]
    others = [result for result in report.undecided if not result.for_tutor]
    for results, what in ((others, "undecided"), (for_tutor, "for the tutor to read")):
        if results:
            of = sum(result.of for result in results)
            lines = [line.title for line in report.lines if any(result in line.results for result in results)]
            named = ", ".join(lines[:_MOST_LINES]) + (", ..." if len(lines) > _MOST_LINES else "")
            parts.append(f"{_counted(len(results), 'check')} {what} ({in_points(of)}: {named})")
    if report.awarded != report.points:
        parts.append(f"{show(report.points)} before the tutor")
    return " · ".join(parts)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def status_of(result: Result) -> str:
    """Return why a check is not decided: for the tutor, undecided, or not checked."""
    return "for the tutor" if result.for_tutor else "undecided" if result.undecided else "not checked"


def text_to_read(result: Result) -> str:
    """Return the text that a tutor has to judge; empty if there is none."""
    shown = [one.text for one in result.evidence if one.kind == "log"] if result.for_tutor else []
    return shown[0] if shown else ""


def undecided_groups(report: Report) -> list[list[Loss]]:
    """Return the checks without a result and without a cause, in groups with the same reason and hint."""
    groups: dict[tuple[str, str], list[Loss]] = {}
    causes = {name for cause in report.causes for name in cause.lost}
    for line in report.lines:
        for result in line.results:
            if result.status not in (PASSED, FAILED) and result.id not in causes:
                groups.setdefault((result.reason, result.hint), []).append(Loss(result, line))
    return list(groups.values())


def advice(report: Report) -> list[list[Finding]]:
    """Return the known traps in groups, without those that are already shown as a cause."""
    causes = {cause.id for cause in report.causes}
    others = [finding for finding in report.findings if finding.id not in causes]
    return [list(group) for _, group in groupby(others, key=lambda finding: (finding.id, finding.severity))]
