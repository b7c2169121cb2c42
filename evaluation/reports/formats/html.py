"""The report as one self-contained HTML page."""

from __future__ import annotations

from itertools import groupby

from evaluation.reports.page import render
from evaluation.result import Line, Report, Result
from pipeline.check_status import FAILED, NOT_CHECKED

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
    """Return the page: points, lines, what is missing, the traps, and every check with its reason."""
    return render(
        "report.html",
        report=report,
        share=100 * report.points / report.of if report.of else 0,
        failed=[
            (line, result) for line in report.lines for result in line.results if result.status == FAILED
        ],
        unchecked=_unchecked(report),
        traps=[
            list(group)
            for _, group in groupby(report.findings, key=lambda finding: (finding.id, finding.severity))
        ],
        facts=_facts(report),
        kinds=_KINDS,
        severities=_SEVERITIES,
        NOT_CHECKED=NOT_CHECKED,
    )


def _unchecked(report: Report) -> list[list[tuple[Line, Result]]]:
    """Return what was not checked, in groups with the same reason and hint."""
    groups: dict[tuple[str, str], list[tuple[Line, Result]]] = {}
    for line in report.lines:
        for result in line.results:
            if result.status == NOT_CHECKED:
                groups.setdefault((result.reason, result.hint), []).append((line, result))
    return list(groups.values())


def _facts(report: Report) -> dict[str, str]:
    return {
        "From": f"{report.source} ({report.kind})",
        "Files": f"{report.files:,}, {report.size:,} bytes",
        "SHA-256 of the submission": report.sha256,
        "SHA-256 of the rubric": report.rubric_sha256,
        "Engine": report.engine or "none",
        "Started": report.started,
        "Seconds": f"{report.seconds:g}",
    }
