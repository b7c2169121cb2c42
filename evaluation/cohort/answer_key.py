"""The answer key: the tutor's own solution, which the rubric must give all points."""

from __future__ import annotations

from pathlib import Path

from common.check_status import PASSED
from common.errors import InputMissing
from evaluation.cohort.entry import Entry
from evaluation.result import Report, Result, show

NAME = "answer_key"


def key_entry(source: Path, reports: Path) -> Entry:
    """Return the answer key as a submission that is evaluated before the class.

    Args:
        source: a folder or an archive.
        reports: where the reports of the class go.

    Raises:
        InputMissing: the source does not exist.
    """
    if not source.exists():
        raise InputMissing(
            f"{source} does not exist", hint="The answer key is a folder or an archive, like a submission."
        )
    return Entry(NAME, source, reports / NAME)


def lost_by(report: Report) -> tuple[Result, ...]:
    """Return the checks that the answer key itself does not pass, except undecided ones."""
    return tuple(result for result in report.results if result.status != PASSED and not result.undecided)


def describe(entry: Entry) -> str:
    """Return what the evaluation of the answer key shows about the rubric and this machine, as text in lines."""
    report = entry.report
    if report is None:
        return f"The answer key could not be evaluated: {entry.error or entry.state}"
    lost = lost_by(report)
    if not lost:
        return f"The answer key gets {report.total_text} points."
    lines = [
        f"The answer key itself gets {report.total_text} points. The rubric or this machine may be wrong:"
    ]
    lines += [
        f"  {result.id} ({show(result.of)}): {result.title}: {_short(result.reason)}" for result in lost
    ]
    return "\n".join(lines)


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 160 else plain[:157] + "..."
