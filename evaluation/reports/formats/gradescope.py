"""The report as Gradescope's results.json: what an autograder leaves in /autograder/results/."""

from __future__ import annotations

import json
from typing import Any

from evaluation.result import Line, Report, Result
from pipeline.check_status import NOT_CHECKED, PASSED

FILE = "results.json"


def export(report: Report) -> str:
    """Return a test for each check, numbered by line, all visible to the student."""
    tests = [
        _test(f"{number}.{position}", line, result)
        for number, line in enumerate(report.lines, 1)
        for position, result in enumerate(line.results, 1)
    ]
    document: dict[str, Any] = {
        "score": report.points,
        "execution_time": round(report.seconds),
        "output": _summary(report),
        "output_format": "text",
        "test_output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {"submission_sha256": report.sha256, "rubric_sha256": report.rubric_sha256},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _test(number: str, line: Line, result: Result) -> dict[str, Any]:
    lines = [result.reason]
    if result.status == NOT_CHECKED:
        lines[0] = f"{'Undecided' if result.undecided else 'Not checked'}: {result.reason}"
    if result.hint:
        lines.append(f"What to do: {result.hint}")
    return {
        "number": number,
        "name": f"{line.title}: {result.title}",
        "score": result.points,
        "max_score": result.of,
        "status": "passed" if result.status == PASSED else "failed",
        "output": "\n".join(lines),
        "tags": [result.id, "undecided" if result.undecided else result.status],
        "visibility": "visible",
    }


def _summary(report: Report) -> str:
    lines = ["Interrupted: this is a part of the evaluation."] if report.interrupted else []
    if report.undecided:
        lines.append(f"{report.total_text}: the rest could not be decided where it was evaluated.")
    for finding in report.findings:
        location = f" ({finding.where})" if finding.where else ""
        lines.append(f"{finding.title}{location}: {finding.text}\n  {finding.hint}")
    return "\n".join(lines) or "No known trap was found."
