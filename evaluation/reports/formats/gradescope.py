"""The report as Gradescope's results.json, which an autograder writes to /autograder/results/.

Docker is not available in Gradescope's containers; docs/evaluation-exports.md shows how the report gets there.
"""

from __future__ import annotations

import json
from typing import Any

from common.check_status import PASSED
from evaluation.reports.wording import explain, explain_line, notes, status_of
from evaluation.result import Line, Report, Result

FILE = "results.json"
# Gradescope shows strings in full; longer ones would not be read.
_LONGEST = 10_000


def export(report: Report) -> str:
    """Return results with a test for each check, numbered by line, all visible to the student."""
    tests = [
        _test(f"{number}.{position}", line, result)
        for number, line in enumerate(report.lines, 1)
        for position, result in enumerate(line.results, 1)
    ]
    document: dict[str, Any] = {
        "score": report.awarded,
        "execution_time": round(report.seconds),
        "output": _summary(report),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {
            "submission_sha256": report.sha256,
            "rubric_sha256": report.rubric_sha256,
            "total": report.total_text,
            "lines": {line.title: {"points": line.awarded, "of": line.of} for line in report.lines},
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _test(number: str, line: Line, result: Result) -> dict[str, Any]:
    return {
        "number": number,
        "name": f"{line.title}: {result.title}",
        "score": result.awarded,
        "max_score": result.of,
        "status": "passed" if result.status == PASSED else "failed",
        "output": _bounded(explain(result)),
        "tags": [result.id, status_of(result)],
        "visibility": "visible",
    }


def _summary(report: Report) -> str:
    lines = [f"{report.total_text} points", *notes(report)]
    for line in report.lines:
        if said := explain_line(line):
            lines.append(f"{line.title}: {said}")
    for finding in report.findings:
        location = f" ({finding.where})" if finding.where else ""
        lines.append(f"{finding.title}{location}: {finding.text}\n  {finding.hint}")
    return _bounded("\n".join(lines))


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
