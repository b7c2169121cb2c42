"""The report as GitHub Classroom's autograding takes it: the result of one runner.

The reporter action reads it in base64 from an environment variable; docs/evaluation.md shows the workflow.
"""

from __future__ import annotations

import json

from evaluation.result import Report, Result
from pipeline.check_status import FAILED, PASSED

FILE = "classroom.json"


def export(report: Report) -> str:
    """Return a test for each check, with its points as its score."""
    failed = any(result.status == FAILED for result in report.results)
    document = {
        "version": 1,
        "status": "fail" if failed else "error" if report.unchecked else "pass",
        "max_score": report.of,
        "tests": [_test(line.title, result) for line in report.lines for result in line.results],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _test(line: str, result: Result) -> dict[str, object]:
    status = "pass" if result.status == PASSED else "fail" if result.status == FAILED else "error"
    reason = f"undecided: {result.reason}" if result.undecided else result.reason
    message = "\n".join(filter(None, (reason, result.hint))) if result.status != PASSED else None
    return {
        "name": f"{line}: {result.title}",
        "status": status,
        "score": result.points,
        "message": message,
        "test_code": result.id,
        "filename": "",
        "line_no": 0,
        "execution_time": f"{result.seconds:.2f}s",
    }
