"""The report as one self-contained HTML page."""

from __future__ import annotations

from common.check_status import NOT_CHECKED, PASSED
from evaluation.reports.page import render
from evaluation.reports.sections import (
    advice,
    cause_sections,
    headline,
    losses_text,
    status_of,
    text_to_read,
    undecided_groups,
)
from evaluation.reports.wording import explain_line, notes
from evaluation.result import Report

FILE = "report.html"

_KINDS = {
    "command": "command",
    "status": "exit status",
    "log": "output",
    "sha256": "SHA-256",
    "file": "file",
    "note": "note",
}
_SEVERITIES = {"breaks": "breaks it", "risk": "a risk", "advice": "advice"}


def export(report: Report) -> str:
    """Return the page: points, causes with what to do, lines, undecided checks, advice, and every check."""
    return render(
        "report.html",
        report=report,
        headline=headline(report),
        share=100 * report.awarded / report.of if report.of else 0,
        notes=[note for note in notes(report) if not note.startswith("Do this first")],
        causes=cause_sections(report),
        undecided=undecided_groups(report),
        traps=advice(report),
        facts=_facts(report),
        kinds=_KINDS,
        severities=_SEVERITIES,
        explain_line=explain_line,
        losses_text=losses_text,
        status_of=status_of,
        text_to_read=text_to_read,
        NOT_CHECKED=NOT_CHECKED,
        PASSED=PASSED,
    )


def _facts(report: Report) -> dict[str, str]:
    return {
        "From": f"{report.source} ({report.kind})" if report.kind else report.source,
        "Files": f"{report.files:,}, {report.size:,} bytes",
        "SHA-256 of the submission": report.sha256,
        "SHA-256 of the rubric": report.rubric_sha256,
        "Engine": report.engine or "none",
        "Started": report.started,
        "Seconds": f"{report.seconds:g}",
    }
