"""The report as JSON, for programs."""

from __future__ import annotations

import json

from evaluation.result import Report, as_json

FILE = "report.json"


def export(report: Report) -> str:
    """Return the whole report; `evaluation.result.from_json` reads it back."""
    return json.dumps(as_json(report), indent=2, ensure_ascii=False) + "\n"
